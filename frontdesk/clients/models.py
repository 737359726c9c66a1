from typing import ClassVar, Never

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

CLIENT_ID_PREFIX = "tenant_"
# PostgreSQL cuts names at 63 bytes.
SLUG_MAX_LENGTH = 63 - len(CLIENT_ID_PREFIX)
validate_slug = RegexValidator(
    rf"^[a-z0-9][a-z0-9_]{{0,{SLUG_MAX_LENGTH - 1}}}\Z",
    "Use lower-case letters, digits and underscores, starting with a letter or digit, "
    f"{SLUG_MAX_LENGTH} at most.",
)


class Client(TenantMixin):  # type: ignore[misc]
    """One business: one schema, one bot. `schema_name` is the client ID, and never changes.

    A limit of null is no limit. The core reads limits and status; billing, where installed,
    writes them.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        CLOSING = "closing"

    name = models.CharField(max_length=120)
    email = models.EmailField()
    legal_name = models.CharField(max_length=200, blank=True)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = models.URLField(blank=True)

    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True)
    closing_at = models.DateTimeField(null=True)
    schema_fingerprint = models.CharField(max_length=64)

    # Where the widget may be shown, like https://acme.example; none listed = anywhere.
    allowed_origins = ArrayField(models.CharField(max_length=255), default=list)

    limit_faqs = models.PositiveIntegerField(null=True)
    limit_messages = models.PositiveIntegerField(null=True)
    limit_members = models.PositiveIntegerField(null=True)
    limit_flows = models.PositiveIntegerField(null=True)
    limit_forms = models.PositiveIntegerField(null=True)
    limit_analytics_days = models.PositiveIntegerField(null=True)
    shows_branding = models.BooleanField(default=True)
    has_api_access = models.BooleanField(default=True)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["closing_at"],
                name="clients_client_closing",
                condition=models.Q(status="closing"),
            ),
            models.Index(fields=["schema_fingerprint"], name="clients_client_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.name

    def __enter__(self) -> Never:
        # django-tenants keeps what to go back to in one list shared by all threads.
        raise TypeError("Use `with client_context(client):`.")

    def __exit__(self, *exc: object) -> None:
        """Never reached: `__enter__` refuses."""

    @property
    def slug(self) -> str:
        return str(self.schema_name).removeprefix(CLIENT_ID_PREFIX)

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def is_paused(self) -> bool:
        return self.status == self.Status.PAUSED

    @property
    def is_closing(self) -> bool:
        return self.status == self.Status.CLOSING


class Domain(DomainMixin):  # type: ignore[misc]
    """A host of a client's own, like chat.acme.example. Its subdomain needs no row."""

    def __str__(self) -> str:
        return str(self.domain)


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        EDITOR = "editor"
        VIEWER = "viewer"

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=8, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "user"], name="clients_membership_once_a_client"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.client_id}: {self.role}"


class Usage(models.Model):
    """What a client used of its monthly limits. Months are UTC's.

    A month's count is the sum over its slots: conversations of one client would otherwise wait
    for one another's commit. See `clients.usage`.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="usage")
    month = models.DateField()
    slot = models.PositiveSmallIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "month", "slot"], name="clients_usage_once")
        ]

    def __str__(self) -> str:
        return f"{self.client_id} in {self.month:%Y-%m}: {self.messages} messages"


class Blueprint(models.Model):
    """The statements that make a client's schema, for one state of the client migrations."""

    fingerprint = models.CharField(max_length=64, primary_key=True)
    statements = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.fingerprint
