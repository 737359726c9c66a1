from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from frontdesk.lib.ids import new_id


class Form(models.Model):
    """What a visitor can fill in.

    `fields` is a list of {"name", "type", "label", "required"}; types are those of
    `visitor_forms.fields.TYPES`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    intro = models.TextField(blank=True)
    submit_label = models.CharField(max_length=40)
    thanks = models.TextField()
    fields = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.title

    def as_content(self) -> dict[str, Any]:
        """The form as a publication holds it and the widget draws it."""
        return {
            "id": str(self.id),
            "title": self.title,
            "intro": self.intro,
            "submit_label": self.submit_label,
            "thanks": self.thanks,
            "fields": self.fields,
        }


class Submission(models.Model):
    """One filled-in form. Its id is made by the widget: the same one arrives once."""

    id = models.UUIDField(primary_key=True)
    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="submissions")
    conversation_id = models.UUIDField(null=True)
    # {field name: text}, after validation; e-mail and phone in their normal forms.
    values = models.JSONField()
    page_url = models.TextField(blank=True)
    locale = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-created_at"], name="visitor_forms_submission_new"),
            models.Index(fields=["conversation_id"], name="visitor_forms_submission_conv"),
        ]

    def __str__(self) -> str:
        return str(self.id)
