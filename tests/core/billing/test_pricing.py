"""Prices of days and of use, taxes and drafts: pure figures, with the examples of the reference to the paisa."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.drafts import TotalNegative, draft_charges, draft_days, draft_period
from core.billing.periods import (
    BillingDayInvalid,
    IntervalInvalid,
    Period,
    first_boundary,
    next_period,
    period_containing,
    periods_between,
)
from core.billing.pricing import discounted
from core.billing.proration import prorated, share_of
from core.billing.rating import Band, rate_usage
from core.billing.taxes import Exemption, Taxable, Taxpayer, TaxRule, choose_rules, tax
from core.billing.terms import (
    BillingFacts,
    ChargeTerms,
    DiscountTerms,
    Draft,
    LineTerms,
    NoPriceOnDay,
    PlanTerms,
    PolicyTerms,
    Tariffs,
)
from core.ids import Id, new_id

D = Decimal
PLAN, TV, METERED, YEARLY = (Id(int=n) for n in (1, 2, 3, 4))
JAN_1, FEB_1, MAR_1 = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
SST = TaxRule("SST", "Sales tax", "sales_tax", "net", D("19.5"), "2100", date(2022, 7, 1))
AIT = TaxRule("AIT", "Advance tax", "advance_income_tax", "net_plus_sales_tax", D(15), "2110", date(2022, 2, 1))
BANDS = (Band(0, D("10")), Band(100, D("8")), Band(500, D("5.5")))


def tariffs(taxes: tuple[TaxRule, ...] = (SST, AIT), **policy: object) -> Tariffs:
    since = date(2020, 1, 1)
    plans = (
        PlanTerms(PLAN, "Fiber 20", prices=((since, D("2500.00")), (FEB_1, D("2600.00")))),
        PlanTerms(TV, "TV", service_class="tv", prices=((since, D("310.00")),)),
        PlanTerms(METERED, "Metered", kind="metered", allowance=100, rating="graduated",
                  prices=((since, D("500.00")),), bands=tuple((since, band) for band in BANDS)),
        PlanTerms(YEARLY, "Yearly", interval_months=12, prices=((since, D("24000.00")),)),
    )  # fmt: skip
    return Tariffs({plan.id: plan for plan in plans}, taxes, PolicyTerms(**policy))  # type: ignore[arg-type]


def facts(*lines: LineTerms, started_on: date = JAN_1, **more: object) -> BillingFacts:
    lines = lines or (LineTerms(Id(int=11), PLAN, started_on),)
    return BillingFacts(new_id(), new_id(), started_on, lines, **more)  # type: ignore[arg-type]


def amounts(draft: Draft, kind: str = "charge") -> list[str]:
    return [str(line.amount) for line in draft.lines if line.kind == kind]


# Periods


def test_the_31st_clamps_to_short_months_and_comes_back() -> None:
    ends = [period_containing(day, 31).end for day in (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31))]
    assert ends == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert period_containing(date(2026, 3, 1), 31).days == 31


def test_a_yearly_leap_day_comes_back_in_leap_years() -> None:
    years = list(periods_between(date(2024, 2, 29), date(2028, 3, 1), 29, 12, date(2024, 2, 29)))
    assert [year.start for year in years] == [
        date(2024, 2, 29), date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29),
    ]  # fmt: skip
    assert [year.days for year in years[:4]] == [365, 365, 365, 366]


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 31), st.integers(1, 36))
def test_forty_years_of_periods_never_drift(origin: date, anchor: int, months: int) -> None:
    periods = list(periods_between(origin, origin.replace(day=1, year=origin.year + 40), anchor, months, origin))
    opening = first_boundary(origin, anchor)
    assert any(period.start == opening for period in periods)
    for index, period in enumerate(periods):
        last_of_month = (period.start + timedelta(days=1)).month != period.start.month
        assert period.start.day == anchor or (period.start.day < anchor and last_of_month)
        assert index == 0 or periods[index - 1].end == period.start
        assert period_containing(period.start, anchor, months, origin) == period
        assert period_containing(period.end - timedelta(days=1), anchor, months, origin) == period


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 31), st.integers(1, 36), st.integers(0, 40))
def test_following_next_period_for_ever_stays_on_the_anchor(start: date, anchor: int, months: int, short: int) -> None:
    period = next_period(start, anchor, months, first=True, short_first_days=short)
    assert period.start == start < period.end
    for _ in range(30):
        following = next_period(period.end, anchor, months)
        assert following.start == period.end == first_boundary(period.end, anchor)
        period = following


def test_a_part_month_runs_to_the_billing_day_also_for_a_quarterly_interval() -> None:
    assert next_period(date(2026, 1, 20), 1, 3) == Period(date(2026, 1, 20), FEB_1)
    assert period_containing(date(2026, 1, 20), 1, 3, date(2026, 1, 20)) == Period(date(2025, 11, 1), FEB_1)


def test_a_short_first_period_joins_the_next_full_one() -> None:
    assert next_period(date(2026, 1, 27), 1, first=True, short_first_days=6) == Period(date(2026, 1, 27), MAR_1)
    assert next_period(date(2026, 1, 26), 1, first=True, short_first_days=6) == Period(date(2026, 1, 26), FEB_1)
    assert next_period(FEB_1, 1, first=True, short_first_days=6) == Period(FEB_1, MAR_1)


def test_days_and_intervals_outside_the_calendar_are_refused() -> None:
    with pytest.raises(BillingDayInvalid):
        period_containing(JAN_1, 32)
    with pytest.raises(IntervalInvalid):
        next_period(JAN_1, 1, 37)


# Proration


def test_a_part_month_costs_its_actual_days() -> None:
    draft = draft_period(tariffs(()), facts(started_on=date(2026, 1, 20)), start=date(2026, 1, 20), end=FEB_1,
                         issued_on=date(2026, 1, 20))  # fmt: skip
    assert amounts(draft) == ["967.74"]
    assert draft.lines[0].description == "Fiber 20, 20 Jan 2026 - 31 Jan 2026 (12 days)"


def test_months_of_thirty_days_count_as_kill_bill_does() -> None:
    may = period_containing(date(2026, 5, 20), 15)
    assert share_of(date(2026, 5, 20), date(2026, 6, 10), may, method="thirty", anchor_day=15) == (20, 30)


@given(st.integers(1, 31), st.sampled_from(["actual", "thirty"]), st.integers(1, 36), st.dates(JAN_1, date(2029, 1, 1)),
       st.lists(st.integers(0, 1200), max_size=6), st.decimals("0.01", "99999", places=2))  # fmt: skip
def test_the_parts_of_a_period_add_up_within_a_paisa_each(
    anchor: int, method: str, months: int, day: date, cuts: list[int], price: Decimal
) -> None:
    whole = period_containing(day, anchor, months, day)
    days = sorted({min(cut, whole.days) for cut in cuts} | {0, whole.days})
    marks = [whole.start + timedelta(days=cut) for cut in days]
    shares = [share_of(start, end, whole, method=method, anchor_day=anchor) for start, end in itertools.pairwise(marks)]
    assert all(used >= 0 and of == shares[0][1] for used, of in shares)
    assert sum(used for used, _ in shares) == shares[0][1]
    assert method == "actual" or shares[0][1] == 30 * months
    parts = [prorated(price, Fraction(used, of)) for used, of in shares]
    assert all(part >= 0 for part in parts)
    assert abs(sum(parts) - price) <= D("0.005") * len(parts)


def test_a_short_first_period_is_billed_in_two_lines() -> None:
    started = date(2026, 1, 27)
    draft = draft_period(tariffs(()), facts(started_on=started), start=started, end=MAR_1, issued_on=started)
    assert amounts(draft) == ["403.23", "2600.00"]


def test_days_that_are_not_billed_are_left_out() -> None:
    paused = ((date(2026, 1, 10), date(2026, 1, 20)),)
    draft = draft_period(tariffs(()), facts(not_billed=paused), start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert amounts(draft) == [str(prorated(D(2500), Fraction(21, 31)))]
    month = ((date(2025, 12, 1), date(2026, 3, 1)),)
    assert draft_period(tariffs(), facts(not_billed=month), start=JAN_1, end=FEB_1, issued_on=JAN_1).lines == ()


def test_a_yearly_price_billed_monthly_adds_up_to_the_year() -> None:
    yearly = facts(LineTerms(new_id(), YEARLY, JAN_1))
    months = [
        draft_period(tariffs(()), yearly, start=start, end=end, issued_on=start).net
        for start, end in periods_between(JAN_1, date(2027, 1, 1), 1)
    ]
    assert abs(sum(months) - 24000) <= D("0.06")


def test_a_monthly_price_billed_quarterly_is_three_months() -> None:
    draft = draft_period(tariffs(()), facts(interval_months=3), start=JAN_1, end=date(2026, 4, 1), issued_on=JAN_1)
    assert [(str(line.quantity), str(line.amount)) for line in draft.lines] == [("3", "7500.00")]


# Lines, prices, discounts


def test_each_line_runs_from_its_own_day_to_its_own_day_at_its_own_price() -> None:
    lines = (
        LineTerms(Id(int=11), PLAN, JAN_1, agreed_price=D("2000.00"), description="Head office"),
        LineTerms(Id(int=12), PLAN, JAN_1, ends_on=date(2026, 1, 11), quantity=D(2)),
        LineTerms(Id(int=13), TV, date(2026, 1, 22)),
        LineTerms(Id(int=14), TV, FEB_1),
    )
    draft = draft_period(tariffs(()), facts(*lines), start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert amounts(draft) == ["2000.00", "1612.90", "100.00"]
    assert draft.lines[0].description.startswith("Head office, ")


def test_the_price_is_that_of_the_periods_first_day() -> None:
    assert amounts(draft_period(tariffs(()), facts(), start=FEB_1, end=MAR_1, issued_on=JAN_1)) == ["2600.00"]
    with pytest.raises(NoPriceOnDay):
        draft_period(tariffs(()), facts(started_on=date(2019, 1, 1)), start=date(2019, 1, 1), end=date(2019, 2, 1),
                     issued_on=JAN_1)  # fmt: skip


def test_percents_come_off_first_then_amounts_then_days() -> None:
    halves = (DiscountTerms(JAN_1, percent=D(10)), DiscountTerms(JAN_1, valid_to=JAN_1, amount=D(250)))
    started = date(2026, 1, 17)
    draft = draft_period(tariffs(()), facts(started_on=started, discounts=tuple(
        DiscountTerms(started, d.valid_to, d.percent, d.amount) for d in halves)), start=started, end=FEB_1,
        issued_on=started)  # fmt: skip
    # (2500 - 250) x 15/31; the amount's last period start lies before this one.
    assert amounts(draft) == ["1088.71"]
    full = draft_period(tariffs(()), facts(discounts=halves), start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert (amounts(full), str(full.lines[0].discount)) == (["2000.00"], "500.00")


def test_an_amount_for_all_lines_is_shared_by_price_without_losing_a_paisa() -> None:
    lines = [(Id(int=n), D("100.00")) for n in (1, 2, 3)]
    left = discounted(lines, [DiscountTerms(JAN_1, amount=D("100.00"))])
    assert left == [D("66.66"), D("66.67"), D("66.67")]


@given(st.lists(st.decimals("0", "9999", places=2), min_size=1, max_size=6), st.decimals("0.01", "20000", places=2),
       st.decimals("0", "100", places=4))  # fmt: skip
def test_a_discount_never_goes_below_nothing_nor_gives_more_than_was_granted(
    prices: list[Decimal], amount: Decimal, percent: Decimal
) -> None:
    lines = [(Id(int=n), price) for n, price in enumerate(prices, 1)]
    left = discounted(lines, [DiscountTerms(JAN_1, percent=percent), DiscountTerms(JAN_1, amount=amount)])
    after_percent = sum(prices) * (100 - percent) / 100
    assert all(price >= 0 for price in left)
    assert sum(left) >= after_percent - amount - D("0.01")


def test_the_days_left_of_a_line_are_priced_with_their_taxes() -> None:
    lines = (LineTerms(Id(int=11), PLAN, JAN_1), LineTerms(Id(int=12), TV, date(2026, 1, 16)))
    draft = draft_days(tariffs(), facts(*lines), line_ids=[Id(int=12)], start=date(2026, 1, 16), end=FEB_1,
                       issued_on=date(2026, 1, 16))  # fmt: skip
    assert (amounts(draft), amounts(draft, "tax"), str(draft.total)) == (["160.00"], ["31.20", "28.68"], "219.88")


# Use


def test_graduated_bands_price_each_unit_by_its_own_band() -> None:
    usage = rate_usage(750 * 10**9, unit="GB", allowance=100, part=Fraction(1), bands=BANDS, rating="graduated")
    assert [(c.units, str(c.amount)) for c in usage.charges] == [(100, "1000.00"), (400, "3200.00"), (150, "825.00")]


def test_volume_bands_price_every_unit_by_the_band_reached() -> None:
    usage = rate_usage(600 * 10**9, unit="GB", allowance=0, part=Fraction(1), bands=BANDS, rating="volume")
    assert [(c.units, str(c.amount)) for c in usage.charges] == [(600, "3300.00")]
    at_the_edge = rate_usage(500 * 10**9, unit="GB", allowance=0, part=Fraction(1), bands=BANDS, rating="volume")
    assert [(c.units, str(c.amount)) for c in at_the_edge.charges] == [(500, "4000.00")]


def test_use_is_rounded_up_once_and_a_part_month_has_a_part_of_the_allowance() -> None:
    usage = rate_usage(
        50 * 2**30 + 1, unit="GiB", allowance=100, part=Fraction(12, 31), bands=BANDS, rating="graduated"
    )
    assert usage.billable == 12  # 50.0...01 - 38.71 = 11.29 GiB
    assert rate_usage(10**9, unit="GB", allowance=1, part=Fraction(1), bands=BANDS, rating="").charges == ()


def test_use_is_billed_in_arrears_and_the_base_fee_in_advance() -> None:
    used = tuple((JAN_1 + timedelta(days=n), 5 * 10**9) for n in range(31))
    metered = facts(LineTerms(new_id(), METERED, JAN_1), usage=used, usage_since=JAN_1)
    draft = draft_period(tariffs(()), metered, start=FEB_1, end=MAR_1, issued_on=FEB_1)
    assert amounts(draft) == ["500.00", "550.00"]
    assert draft.lines[1].description == "Metered usage, 01 Jan 2026 - 31 Jan 2026: 155 GB used, 100 included"
    first = draft_period(tariffs(()), metered, start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert amounts(first) == ["500.00"]


# Taxes


def one(amount: str, *rules: TaxRule, inclusive: bool = False) -> Taxable:
    return Taxable(D(amount), rules or (SST, AIT), inclusive)


def test_taxes_stack_on_the_inclusive_amount() -> None:
    draft = draft_period(tariffs(), facts(), start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert (amounts(draft, "tax"), str(draft.total)) == (["487.50", "448.13"], "3435.63")


def test_rounding_by_line_and_on_the_total_differ_by_a_paisa() -> None:
    lines = [one("10.09", SST)] * 3
    assert [str(line.amount) for line in tax(lines, rounding="line").lines] == ["5.91"]
    assert [str(line.amount) for line in tax(lines, rounding="total").lines] == ["5.90"]


def test_the_total_is_the_sum_of_what_is_printed() -> None:
    quarter = TaxRule("T", "T", "sales_tax", "net", D(25), "2100", JAN_1)
    plan = PlanTerms(PLAN, "P", prices=((JAN_1, D("100.00")),))
    # 29 of the 30 days of April.
    april = draft_period(Tariffs({PLAN: plan}, (quarter,)), facts(started_on=date(2026, 4, 2)), start=date(2026, 4, 2),
                         end=date(2026, 5, 1), issued_on=date(2026, 4, 2))  # fmt: skip
    assert (str(april.net), str(april.tax), str(april.total)) == ("96.67", "24.17", "120.84")


RATES = st.decimals("0", "60", places=2)


PRICES = st.lists(st.decimals("0.01", "99999", places=2), min_size=1, max_size=5)


@given(PRICES, st.lists(RATES, min_size=1, max_size=3), st.sampled_from(["line", "total"]),
       st.sampled_from([D(0), D("1000")]))  # fmt: skip
def test_an_inclusive_price_keeps_its_gross_to_the_paisa(
    prices: list[Decimal], rates: list[Decimal], rounding: str, threshold: Decimal
) -> None:
    rules = tuple(
        TaxRule(f"T{n}", "T", "sales_tax", "net", rate, "2100", JAN_1, threshold=threshold)
        for n, rate in enumerate(rates)
    )
    taxed = tax([Taxable(price, rules, inclusive=True) for price in prices], rounding=rounding)
    assert sum(taxed.nets) + sum(line.amount for line in taxed.lines) == sum(prices)
    assert all(net >= 0 for net in taxed.nets) and all(line.amount >= 0 for line in taxed.lines)


@given(st.lists(st.tuples(st.decimals("-500", "99999", places=2), st.booleans()), min_size=1, max_size=6),
       st.sampled_from(["line", "total"]))  # fmt: skip
def test_on_the_total_and_by_line_are_never_further_apart_than_half_a_paisa_a_line(
    prices: list[tuple[Decimal, bool]], rounding: str
) -> None:
    charges = [Taxable(price, (SST, AIT) if internet else (SST,)) for price, internet in prices]
    taxed = tax(charges, rounding=rounding)
    exact = sum(price * D("0.195") for price, _ in prices)
    exact += sum(price * D("1.195") * D("0.15") for price, internet in prices if internet)
    printed = sum(line.amount for line in taxed.lines)
    assert abs(printed - exact) <= D("0.02") * len(prices)


def test_an_inclusive_price_under_stacked_taxes_bears_the_advance_tax_on_top() -> None:
    taxed = tax([one("2987.50", inclusive=True)], rounding="line")
    assert (taxed.nets, [str(line.amount) for line in taxed.lines]) == ((D("2500.00"),), ["487.50", "448.13"])


def test_only_the_part_above_a_threshold_is_taxed_once_in_a_document() -> None:
    landline = TaxRule("L", "L", "advance_income_tax", "net", D(10), "2110", JAN_1, threshold=D(1000))
    assert [str(x.amount) for x in tax([one("800.00", landline), one("700.00", landline)], rounding="line").lines] == [
        "50.00"
    ]
    assert tax([one("1000.00", landline)], rounding="total").lines == ()


def test_the_most_specific_row_of_a_code_holds() -> None:
    everywhere = SST
    punjab = TaxRule("SST", "PRA", "sales_tax", "net", D(16), "2100", JAN_1, jurisdiction="PK-PB")
    fata = TaxRule("SST", "none", "sales_tax", "net", D(0), "2100", JAN_1, jurisdiction="PK-KP", customer_class="fata")
    goods = TaxRule("SST", "GST", "sales_tax", "net", D(18), "2100", JAN_1, valid_to=FEB_1, service_class="equipment")
    rows = (everywhere, punjab, fata, goods)

    def percent(place: str, service: str, who: str = "residential", day: date = JAN_1) -> str:
        chosen = choose_rules(rows, Taxpayer(who, place), service_class=service, day=day)
        return str(chosen[0].percent) if chosen else "-"

    assert percent("PK-SD", "internet") == "19.5"
    assert percent("PK-PB", "internet") == "16"
    assert percent("PK-PB", "equipment") == "16"
    assert percent("PK-SD", "equipment") == "18"
    assert percent("PK-SD", "equipment", day=date(2026, 2, 2)) == "19.5"
    assert percent("PK-KP", "internet", "fata") == "0"
    assert percent("PK-SD", "internet", day=date(2020, 1, 1)) == "-"
    assert percent("PK-PB", "deposit") == "-"


def test_a_certificate_takes_one_tax_off_for_its_days() -> None:
    exempt = Taxpayer(exemptions=(Exemption("AIT", JAN_1, date(2026, 1, 31)),))
    january = draft_period(tariffs(), facts(taxpayer=exempt), start=JAN_1, end=FEB_1, issued_on=date(2026, 1, 31))
    assert amounts(january, "tax") == ["487.50"]
    february = draft_period(tariffs(), facts(taxpayer=exempt), start=JAN_1, end=FEB_1, issued_on=FEB_1)
    assert amounts(february, "tax") == ["487.50", "448.13"]


def test_the_tax_point_may_be_the_periods_start() -> None:
    raised = TaxRule("SST", "Sales tax", "sales_tax", "net", D(20), "2100", FEB_1)
    by_period = tariffs((SST, raised), tax_point="period_start")
    assert amounts(draft_period(by_period, facts(), start=JAN_1, end=FEB_1, issued_on=FEB_1), "tax") == ["487.50"]
    by_invoice = tariffs((SST, raised))
    assert amounts(draft_period(by_invoice, facts(), start=JAN_1, end=FEB_1, issued_on=FEB_1), "tax") == ["500.00"]


# Charges and rounding


def test_whole_rupees_add_a_line_and_leave_the_taxes_alone() -> None:
    draft = draft_period(tariffs(whole_rupees=True), facts(), start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert (amounts(draft, "rounding"), str(draft.tax), str(draft.total)) == (["0.37"], "935.63", "3436.00")
    assert draft.lines[-1].account_code == "4095"


def test_charges_join_from_their_day_on_and_deposits_are_not_taxed() -> None:
    installed, deposit, later = (
        ChargeTerms(Id(int=21), "Installation", D("1000.00"), "4020", "installation"),
        ChargeTerms(Id(int=22), "Deposit", D("3000.00"), "2210", "deposit"),
        ChargeTerms(Id(int=23), "Router", D("4000.00"), "4030", "equipment", bill_from=FEB_1),
    )
    draft = draft_period(tariffs((SST,)), facts(charges=(installed, deposit, later)), start=JAN_1, end=FEB_1,
                         issued_on=JAN_1)  # fmt: skip
    assert (amounts(draft), amounts(draft, "tax")) == (["2500.00", "1000.00", "3000.00"], ["682.50"])
    assert draft.charge_ids == (Id(int=21), Id(int=22))


def test_a_reduction_larger_than_the_invoice_waits() -> None:
    small = ChargeTerms(Id(int=21), "Goodwill", D("-500.00"), "4080")
    large = ChargeTerms(Id(int=22), "Goodwill", D("-2500.00"), "4080")
    draft = draft_period(tariffs(()), facts(charges=(small, large)), start=JAN_1, end=FEB_1, issued_on=JAN_1)
    assert (str(draft.total), draft.charge_ids) == ("2000.00", (Id(int=21),))
    with pytest.raises(TotalNegative):
        draft_charges(tariffs(()), Taxpayer(), [small], issued_on=JAN_1)


@given(st.integers(1, 31), st.dates(JAN_1, date(2027, 12, 31)), st.integers(1, 12), st.booleans(),
       st.sampled_from(["line", "total"]), st.sampled_from(["actual", "thirty"]),
       st.lists(st.tuples(st.sampled_from([PLAN, TV, METERED, YEARLY]), st.integers(-40, 400), st.integers(0, 400),
                          st.sampled_from([D(1), D(3), D("1.5")])), min_size=1, max_size=5),
       st.one_of(st.none(), st.decimals("0", "100", places=4)))  # fmt: skip
def test_every_draft_adds_up(anchor: int, start: date, months: int, whole: bool, rounding: str, method: str,
                             lines: list[tuple[Id, int, int, Decimal]], percent: Decimal | None) -> None:  # fmt: skip
    terms = tuple(
        LineTerms(Id(int=n), plan, start + timedelta(days=offset), start + timedelta(days=offset + length), quantity)
        for n, (plan, offset, length, quantity) in enumerate(lines, 20)
    )
    discounts = () if percent is None else (DiscountTerms(JAN_1, percent=percent),)
    end = next_period(start, anchor, months).end
    draft = draft_period(
        tariffs(whole_rupees=whole, tax_rounding=rounding, proration=method),
        facts(*terms, started_on=start, billing_day=anchor, interval_months=months, discounts=discounts),
        start=start, end=end, issued_on=start,
    )  # fmt: skip
    by_kind = {kind: sum(map(D, amounts(draft, kind)), D(0)) for kind in ("charge", "tax", "rounding")}
    assert (by_kind["charge"], by_kind["tax"], by_kind["rounding"]) == (draft.net, draft.tax, draft.rounding)
    assert draft.total == sum(by_kind.values()) >= 0
    assert not whole or draft.total == draft.total.to_integral_value()
    assert all(line.amount >= 0 and line.discount >= 0 for line in draft.lines if line.kind == "charge")
