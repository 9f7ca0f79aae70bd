"""Every table in one place: import this before the ORM is used, so that all foreign keys resolve."""

from __future__ import annotations

from sqlalchemy import MetaData

import core.audit
import core.billing.cash_proof_models
import core.billing.debt_models
import core.billing.deferral_models
import core.billing.invoice_models
import core.billing.payment_models
import core.billing.plan_models
import core.billing.subscription_models
import core.companies
import core.crm.consent_models
import core.crm.desk_models
import core.crm.lead_models
import core.crm.link_models
import core.crm.models
import core.crm.upload_models
import core.inventory.models
import core.inventory.request_models
import core.inventory.wear_models
import core.ledger.book_models
import core.ledger.models
import core.ledger.reconciliation_models
import core.ledger.treasury_models
import core.messaging.campaign_models
import core.messaging.desk_models
import core.messaging.models
import core.messaging.sending_models
import core.messaging.template_models
import core.network.device_models
import core.network.models
import core.network.outage_models
import core.network.record_models
import core.network.usage_models
import core.numbering
import core.recovery.case_models
import core.recovery.policy_models
import core.service_desk.desk_models
import core.service_desk.job_models
import core.service_desk.models
import core.staff.alert_models
import core.staff.approval_models
import core.staff.cash_models
import core.staff.commission_models
import core.staff.invite_models
import core.staff.models
import core.staff.pay_models
from core.db import Base

METADATA: MetaData = Base.metadata
