"""Models of core.

Plans are audited: the audit needs its own models first, and imports them from their module.
"""

from mainapp.core.models.audit import AuditDetail, AuditEntry, AuditHead, AuditSeal
from mainapp.core.models.leases import Fence
from mainapp.core.models.limits import Usage
from mainapp.core.models.plans import Plan, QuotaRule
from mainapp.core.models.tags import Tag

__all__ = [
    "AuditDetail",
    "AuditEntry",
    "AuditHead",
    "AuditSeal",
    "Fence",
    "Plan",
    "QuotaRule",
    "Tag",
    "Usage",
]
