from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):
    pass


class Host(DomainMixin):
    pass
