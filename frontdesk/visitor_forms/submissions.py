"""Taking in what a visitor filled in."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from frontdesk.clients.context import current_client
from frontdesk.events.models import Event
from frontdesk.events.recording import record
from frontdesk.lib.refusals import InvalidRequest, Refusal
from frontdesk.visitor_forms.fields import BadValue, clean
from frontdesk.visitor_forms.models import Form, Submission


class FormNotFound(Refusal):
    code = "form_not_found"
    status = 404
    title = "There is no such form"


class SubmissionIdTaken(Refusal):
    code = "submission_id_taken"
    status = 409
    title = "This id belongs to another submission"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a submission came from."""

    conversation_id: uuid.UUID | None = None
    page_url: str = ""
    locale: str = ""


def form_of(form_id: uuid.UUID) -> Form:
    form = Form.objects.filter(pk=form_id).first()
    if form is None:
        raise FormNotFound
    return form


def submit(
    form: Form, submission_id: uuid.UUID, values: dict[str, Any], origin: Origin
) -> tuple[Submission, bool]:
    """Stores a submission and says whether it is new; the same id again stores nothing.

    Raises InvalidRequest with one error for each field that can't be taken, SubmissionIdTaken
    when the id belongs to a submission of another form or conversation.
    """
    cleaned = _clean_all(form, values)
    with transaction.atomic():
        submission, new = Submission.objects.get_or_create(
            pk=submission_id,
            defaults={
                "form": form,
                "conversation_id": origin.conversation_id,
                "values": cleaned,
                "page_url": origin.page_url,
                "locale": origin.locale,
            },
        )
        if new:
            record(
                Event.Kind.SUBMISSION_CREATED,
                subject_id=submission.pk,
                conversation_id=origin.conversation_id,
            )
    if (submission.form_id, submission.conversation_id) != (form.pk, origin.conversation_id):
        raise SubmissionIdTaken
    return submission, new


def _clean_all(form: Form, values: dict[str, Any]) -> dict[str, str]:
    country = current_client().country
    cleaned, errors = {}, []
    for field in form.fields:
        name = field["name"]
        try:
            cleaned[name] = clean(field, values.get(name), country)
        except BadValue as bad:
            code, message = bad.args
            errors.append({"field": name, "code": code, "message": message})
    errors += [
        {"field": name, "code": "unknown", "message": "The form has no such field."}
        for name in sorted(values.keys() - {field["name"] for field in form.fields})
    ]
    if errors:
        raise InvalidRequest("Some of the answers need another look.", errors=errors)
    return cleaned
