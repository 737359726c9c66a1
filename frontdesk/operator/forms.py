"""What the operator fills in."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from frontdesk.clients.lifecycle import slug_of
from frontdesk.clients.models import CLIENT_ID_PREFIX, SLUG_MAX_LENGTH


class NewClientForm(forms.Form):
    name = forms.CharField(
        label=_("Business name"),
        max_length=120,
        help_text=_("Shown at the top of the widget. It can be changed later."),
    )
    email = forms.EmailField(label=_("E-mail"), help_text=_("Where notices about the bot go."))
    slug = forms.CharField(
        label=_("Client ID"),
        max_length=SLUG_MAX_LENGTH + len(CLIENT_ID_PREFIX),
        required=False,
        help_text=_("Leave empty to have it made from the name. It never changes."),
    )

    autocomplete: ClassVar[dict[str, str]] = {"name": "organization", "email": "email"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "input"
            field.widget.attrs["autocomplete"] = self.autocomplete.get(name, "off")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        slug = cleaned.get("slug", "").strip().lower().removeprefix(CLIENT_ID_PREFIX)
        cleaned["slug"] = slug or slug_of(cleaned.get("name", ""))
        if "name" in cleaned and not cleaned["slug"]:
            self.add_error("slug", _("The name has no Latin letters or digits: choose an ID."))
        return cleaned


class OriginsForm(forms.Form):
    """One website address a line; none = anywhere."""

    origins = forms.CharField(required=False, max_length=10_000)

    def clean_origins(self) -> list[str]:
        lines = self.cleaned_data["origins"].splitlines()
        return [line.strip() for line in lines if line.strip()]
