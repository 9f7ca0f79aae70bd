"""The network: devices, whether they obey, what was changed on them by hand, and who is online."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core import jobs
from core.clock import utc_now
from core.crm.models import Area
from core.errors import NotFound
from core.network.access import put_on_device
from core.network.device_errors import DeviceError
from core.network.device_models import NetworkDevice
from core.network.devices import (
    COA_PORT,
    DeviceDetails,
    change_device,
    device_by_id,
    register_device,
    retire_device,
)
from core.network.drifting import open_drift
from core.network.models import Access
from core.network.overview import online_on, recent_changes, standings_of, waiting_on
from core.network.vendors import OPENERS
from core.staff.actors import named_actors
from core.usecases.decide_drift import adopt_drift, allow_changes, ignore_drift, overwrite_drift
from core.usecases.poll_device import device_answers
from core.usecases.reconcile_device import reconcile_device

DECISIONS = {"adopt": adopt_drift, "overwrite": overwrite_drift, "ignore": ignore_drift}
KINDS = {"pppoe": "PPPoE", "hotspot": "Hotspot", "dhcp": "Fixed leases (DHCP)", "wifi": "Wi-Fi clients"}


@blueprint.get("/network")
@needs("network.view")
def network() -> Page:
    with books() as page:
        return render_template(
            "network.html", company=page.company, zone=page.zone, standings=standings_of(page.session),
            unserved=waiting_on(page.session, None), **_choices(page),
        )  # fmt: skip


@blueprint.post("/network")
@needs("network.write")
def add_device() -> Page:
    def add(page: Books, form: Form) -> str:
        device = register_device(page.session, _details(form))
        return f"{device.name} is on file. Test the connection, then put accounts on it."

    return attempt(add, done="panel.network", show=network)


@blueprint.get("/network/<uuid:device_id>")
@needs("network.view")
def device(device_id: UUID) -> Page:
    with books() as page:
        found = _device(page, device_id)
        changes = recent_changes(page.session, device_id=found.id, limit=40)
        standing = next((each for each in standings_of(page.session) if each.device.id == found.id), None)
        return render_template(
            "network_device.html", company=page.company, device=found, standing=standing,
            waiting=waiting_on(page.session, found.id), drift=open_drift(page.session, device_id=found.id),
            changes=changes, causes=named_actors(page.session, {change.cause for change in changes}),
            online=online_on(page.session, found.id, limit=40), zone=page.zone, **_choices(page),
        )  # fmt: skip


@blueprint.post("/network/<uuid:device_id>")
@needs("network.write")
def edit_device(device_id: UUID) -> Page:
    def edit(page: Books, form: Form) -> str:
        change_device(page.session, device_id=device_id, details=_details(form))
        return "Saved."

    return attempt(edit, done="panel.device", show=lambda: device(device_id), device_id=device_id)


@blueprint.post("/network/<uuid:device_id>/retire")
@needs("network.write")
def retire(device_id: UUID) -> Page:
    def act(page: Books, _form: Form) -> str:
        retired = retire_device(page.session, device_id=device_id)
        return f"Nothing is written to {retired.name} any more."

    return attempt(act, done="panel.network", show=lambda: device(device_id))


@blueprint.post("/network/<uuid:device_id>/test")
@needs("network.write")
def test_device(device_id: UUID) -> Page:
    """Speaks with the device while the page waits: a few seconds at most."""
    with books() as page:
        company_id = page.company.id
        _device(page, device_id)
    try:
        health = device_answers(company_id, device_id=device_id, now=utc_now())
    except DeviceError as fault:
        flash(str(fault), "problem")
    else:
        load = f", {health.cpu_percent} % busy" if health.cpu_percent is not None else ""
        flash(f"It answers and lets us in: up for {_spelled(health.uptime.total_seconds())}{load}.")
        for problem in health.problems:
            flash(problem, "problem")
    return redirect(url_for("panel.device", device_id=device_id))


@blueprint.post("/network/<uuid:device_id>/preview")
@needs("network.view")
def preview_pass(device_id: UUID) -> Page:
    """What a pass would do now; nothing is changed."""
    with books() as page:
        company_id = page.company.id
        _device(page, device_id)
    report = reconcile_device(company_id, device_id=device_id, now=utc_now(), full=True, dry_run=True)
    if report.fault or report.skipped:
        flash(report.fault or report.skipped, "problem")
        return redirect(url_for("panel.device", device_id=device_id))
    with books() as page:
        return render_template(
            "network_preview.html", company=page.company, device=_device(page, device_id), report=report
        )


@blueprint.post("/network/<uuid:device_id>/pass")
@needs("network.write")
def pass_now(device_id: UUID) -> Page:
    def act(page: Books, _form: Form) -> str:
        _device(page, device_id)
        jobs.ring(page.session, "pass_device", queue="network", company_id=str(page.company.id),
                  device_id=str(device_id))  # fmt: skip
        return "Asked: the device is compared and corrected in a moment."

    return attempt(act, done="panel.device", show=lambda: device(device_id), device_id=device_id)


@blueprint.post("/network/<uuid:device_id>/allow")
@needs("network.write")
def allow_on_device(device_id: UUID) -> Page:
    def act(page: Books, form: Form) -> str:
        count = form.number("count")
        allow_changes(page.session, device_id=device_id, count_max=count, given_by=page.actor, now=utc_now())
        return f"Up to {count} cuts and deletions are allowed there today."

    return attempt(act, done="panel.device", show=lambda: device(device_id), device_id=device_id)


@blueprint.post("/network/<uuid:device_id>/drift/<uuid:drift_id>")
@needs("network.write")
def decide_drift(device_id: UUID, drift_id: UUID) -> Page:
    def act(page: Books, form: Form) -> str:
        decide = DECISIONS[form.choice("decision", tuple(DECISIONS))]
        drift = decide(page.session, drift_id=drift_id, decided_by=page.actor, now=utc_now())
        return f"{drift.key}: {drift.state}."

    return attempt(act, done="panel.device", show=lambda: device(device_id), device_id=device_id)


@blueprint.post("/network/accounts")
@needs("network.write")
def place_accounts() -> Page:
    """Accounts that no device serves are put on one."""

    def act(page: Books, form: Form) -> str:
        chosen, keys = device_by_id(page.session, form.key("device")), form.keys("access")
        if not keys:
            raise FieldInvalid("Tick the accounts that the device shall serve.")
        accounts = page.session.scalars(select(Access).where(Access.id.in_(keys), Access.device_id.is_(None))).all()
        for account in accounts:
            put_on_device(page.session, account, chosen.id)
        return f"{len(accounts)} accounts are put on {chosen.name}."

    return attempt(act, done="panel.network", show=network)


def _details(form: Form) -> DeviceDetails:
    kinds = [kind for kind in KINDS if form.ticked(f"kind_{kind}")]
    options: Mapping[str, Any] = {
        "kinds": kinds, "pool": form.text("pool"), "local_address": form.text("local_address"),
        "suspend_by_disabling": form.ticked("suspend_by_disabling"),
        "suspended_kbps": form.number("suspended_kbps", 128), "kicks_a_second": form.number("kicks_a_second", 25),
        "database": form.text("database"),
        "coa_port": form.number("coa_port", COA_PORT), "site": form.text("site"),
        "reconnect_on_change": form.ticked("reconnect_on_change"),
    }  # fmt: skip
    return DeviceDetails(
        name=form.text("name", required=True), vendor=form.choice("vendor", tuple(OPENERS)),
        host=form.text("host", required=True), port=form.maybe_number("port"), tls=form.ticked("tls"),
        login=form.text("login", required=True), password=form.text("password"), area_id=form.maybe_key("area"),
        drift=form.choice("drift", ("correct", "report")), changes_free=form.number("changes_free", 20),
        changes_share_max=form.number("changes_share_max", 5), options=options,
        coa_secret=form.text("coa_secret"),
    )  # fmt: skip


def _choices(page: Books) -> dict[str, Any]:
    areas = page.session.execute(select(Area.id, Area.name).order_by(Area.name))
    return {"areas": [(row.id, row.name) for row in areas], "vendors": list(OPENERS), "kinds": KINDS}


def _device(page: Books, device_id: UUID) -> NetworkDevice:
    try:
        return device_by_id(page.session, device_id)
    except NotFound:
        abort(404)


def _spelled(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    return f"{days} days {hours} h" if days else f"{hours} h {rest // 60} min"
