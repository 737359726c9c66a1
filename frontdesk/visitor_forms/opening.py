"""What a new client starts with: one form."""

from typing import Any

from django.dispatch import receiver

from frontdesk.clients.models import Client
from frontdesk.clients.signals import client_opened
from frontdesk.visitor_forms.models import Form

CONTACT = "contact"
CONTACT_FIELDS = [
    {"name": "name", "type": "text", "label": "Your name", "required": True},
    {"name": "email", "type": "email", "label": "E-mail", "required": True},
    {"name": "phone", "type": "phone", "label": "Phone", "required": False},
    {"name": "message", "type": "long_text", "label": "How can we help?", "required": True},
]


@receiver(client_opened, sender=Client, dispatch_uid="visitor_forms.contact_form")
def add_contact_form(**_: Any) -> None:
    Form.objects.create(
        slug=CONTACT,
        title="Leave us a message",
        intro="We will get back to you by e-mail.",
        submit_label="Send",
        thanks="Thank you. We have your message and will reply by e-mail.",
        fields=CONTACT_FIELDS,
    )


def contact_form() -> Form:
    return Form.objects.get(slug=CONTACT)
