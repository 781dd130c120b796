"""The audit: who changed which row of the audited models, in the same transaction.

A model is audited if it is an AuditedModel that names its fields:

    class Alert(AuditedModel):
        audit = Audited(shown="owner status", hidden="email compra", ignored="last_fired_at")

All ways to write are covered: `save` and `delete`, cascades included, by signals, and `update`,
`bulk_update`, `bulk_create` and the deletion of many rows by AuditedQuerySet. A model with a
queryset of its own derives it from AuditedQuerySet. FOREIGN has the models of other packages, which
save and delete rows one by one. A test compares all of it with the models.

An entry has ids and names of fields. It has the values, before and after, of `shown` fields only.
Texts, names, addresses and amounts of people are `hidden`: the entry has only the field's name. A
change of `ignored` fields costs nothing and leaves no entry.

`mainapp.core.contexts` provides the user and the way of a change.
"""

from mainapp.core.audit.bases import AuditedModel, AuditedQuerySet
from mainapp.core.audit.entries import gathering
from mainapp.core.audit.fields import FOREIGN, Audited, audit_of
from mainapp.core.audit.signals import connect_audit

__all__ = [
    "FOREIGN",
    "Audited",
    "AuditedModel",
    "AuditedQuerySet",
    "audit_of",
    "connect_audit",
    "gathering",
]
