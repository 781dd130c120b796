"""The audit: who changed which row of the audited models, recorded in the same transaction.

A model is audited if it derives from AuditedModel and lists its fields:

    class Alert(AuditedModel):
        audit = Audited(shown="owner status", hidden="email compra", ignored="last_fired_at")

All writes are covered. Signals record `save` and `delete`, including cascades; AuditedQuerySet
records `update`, `bulk_update`, `bulk_create` and the deletion of many rows. A model with its own
queryset class derives it from AuditedQuerySet. FOREIGN lists the models of other packages, which
save and delete rows one by one. A test compares all of this with the models.

An entry has the row's id and the names of the changed fields. Only for `shown` fields does it also
have the values before and after. Texts, names, addresses and amounts of people are `hidden`: the
entry has only the field's name. Changes of `ignored` fields cost nothing and leave no entry.

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
