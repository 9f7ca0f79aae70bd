"""Every table in one place: import this before the ORM is used, so that all foreign keys resolve."""

from __future__ import annotations

from sqlalchemy import MetaData

import core.audit
import core.billing.invoice_models
import core.billing.payment_models
import core.billing.plan_models
import core.billing.subscription_models
import core.companies
import core.crm.models
import core.inventory.models
import core.ledger.models
import core.messaging.models
import core.network.models
import core.numbering
import core.recovery.case_models
import core.recovery.policy_models
import core.service_desk.models
import core.staff.models
from core.db import Base

METADATA: MetaData = Base.metadata
