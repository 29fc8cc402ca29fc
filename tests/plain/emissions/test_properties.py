from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from invoices.emissions import calculating, units
from invoices.emissions.calculating import CannotCalculate
from invoices.emissions.factors import Kind
from tests.plain.emissions.making import (
    GJ,
    GROSS,
    KWH,
    LITRE,
    M3,
    MJ,
    MWH,
    NET,
    TABLE,
    THERM,
    activity,
    calculate,
    contract,
    custom,
    heat,
    is_near,
    kg,
    rows,
    year,
)

# The machine may be busy: how long an example takes says nothing of these functions.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)

FUELS = [(fuel["country"], fuel["code"], unit) for fuel in rows("fuels") for unit in fuel["units"].split()]
SUPPLIERS = sorted({row.subject for row in TABLE.all() if row.kind == Kind.SUPPLIER})
ENERGY = (KWH, MWH, GJ, MJ, THERM, GROSS, NET)

quantities = st.decimals(-(10**9), 10**9, places=6)
shares = st.decimals(0, 1, places=4)
days = st.dates(date(2015, 1, 1), date(2027, 12, 31))
contracts = st.none() | st.builds(
    contract, shares, of_year=st.sampled_from([None, 2023, 2024]), is_cogeneration=st.booleans()
)
customs = st.just(()) | st.builds(
    lambda value, since, length: (custom(MWH, CO2e=value, since=since, until=since + timedelta(length)),),
    shares,
    days,
    st.integers(0, 900),
)


@st.composite
def periods(draw):
    start = draw(days)
    return {"start": start, "end": start + timedelta(draw(st.integers(0, 800)))}


@st.composite
def electricity(draw):
    return activity(
        quantity=draw(quantities),
        unit=draw(st.sampled_from(ENERGY)),
        country=draw(st.sampled_from(["ES", "GB", "FR", "US"])),
        supplier=draw(st.sampled_from(["", *SUPPLIERS])),
        contract=draw(contracts),
        custom=draw(customs),
        **draw(periods()),
    )


@st.composite
def burnt(draw):
    of, code, unit = draw(st.sampled_from(FUELS))
    return heat(code, draw(quantities), unit, of=of, **draw(periods()))


activities = st.one_of(
    electricity(), burnt(), st.builds(lambda q, p: activity("water", q, M3, **p), quantities, periods())
)


def results(of):
    return [calculate(of, category) for category in calculating.categories_of(of)]


def figure(result):
    return result.energy_kwh if result.category == "energy" else result.co2e


@given(activities)
@unhurried
def test_the_lines_sum_to_the_result(of):
    for result in results(of):
        summed = sum(line.quantity * line.factor for line in result.lines)
        assert figure(result) in {None, summed}
        assert (result.co2e_biomass or 0) == sum(line.quantity * line.biomass_factor for line in result.lines)


@given(activities)
@unhurried
def test_the_lines_share_the_whole_quantity(of):
    for result in results(of):
        per_factor = {"water": 2, "electricity_transmission_and_distribution": 2}.get(result.category, 1)
        is_custom = any(line.kind == "custom" for line in result.lines)
        if result.lines and not is_custom:
            assert is_near(sum(line.share for line in result.lines), Decimal(per_factor))


@given(activities, st.integers(-50, 50))
@unhurried
def test_so_many_times_as_much_emits_so_many_times_as_much(of, times):
    more = replace(of, quantity=of.quantity * times)

    for one, many in zip(results(of), results(more), strict=True):
        assert figure(one) is figure(many) is None or is_near(figure(one) * times, figure(many))


@given(activities, st.lists(shares, min_size=1, max_size=5))
@unhurried
def test_children_sum_to_their_parent(of, parts):
    assume(sum(parts) > 0)
    quantities_of = [of.quantity * part / sum(parts) for part in parts]
    children = [results(replace(of, quantity=quantity)) for quantity in quantities_of]

    for at, whole in enumerate(results(of)):
        if figure(whole) is not None:
            assert is_near(figure(whole), sum(figure(child[at]) for child in children))


@given(activities, st.integers(1, 800))
@unhurried
def test_a_period_that_is_split_at_any_day_emits_the_same(of, after):
    cut = of.start + timedelta(after)
    assume(cut <= of.end)
    total = (of.end - of.start).days + 1
    first = replace(of, end=cut - timedelta(1), quantity=of.quantity * after / total)
    second = replace(of, start=cut, quantity=of.quantity * (total - after) / total)

    for whole, one, two in zip(results(of), results(first), results(second), strict=True):
        if figure(whole) is not None:
            assert is_near(figure(whole), figure(one) + figure(two))


@given(quantities, days)
@unhurried
def test_a_renewable_contract_emits_nothing(quantity, day):
    of = activity(quantity=quantity, start=day, end=day, contract=contract())

    assert kg(of, "electricity") == 0


@given(quantities, st.sampled_from([row for row in TABLE.all() if row.kind == Kind.SUPPLIER and row.value == 0]))
@unhurried
def test_a_supplier_whose_label_is_zero_emits_nothing(quantity, row):
    of = activity(quantity=quantity, supplier=row.subject, start=row.valid_from, end=row.valid_to)

    assert kg(of, "electricity") == 0


@given(st.sampled_from([row for row in TABLE.all() if row.kind == Kind.GRID_LIFECYCLE]), quantities)
@unhurried
def test_direct_and_upstream_are_the_lifecycle_figure_where_that_alone_is_known(row, quantity):
    day = row.valid_from
    assume(TABLE.on(Kind.GRID_DIRECT, row.jurisdiction, day) is None)
    of = activity(quantity=quantity, country=row.jurisdiction, **year(day.year))

    together = kg(of, "electricity_location_based") + kg(of, "electricity_generation")

    assert is_near(together, quantity * row.value)


@given(st.sampled_from(rows("units")), st.sampled_from(rows("units")), quantities)
@unhurried
def test_there_and_back_is_the_same_quantity(one, other, quantity):
    assume(one["type"] == other["type"])
    times, per = units.scale(units.named(one["name"]), units.named(other["name"]))
    back_times, back_per = units.scale(units.named(other["name"]), units.named(one["name"]))

    assert is_near(quantity * times / per * back_times / back_per, quantity)


@given(st.sampled_from(FUELS), quantities, st.sampled_from(rows("units")), days)
@unhurried
def test_the_result_does_not_depend_on_the_unit_that_is_shown(fuel, quantity, shown, day):
    of, code, unit = fuel
    own, other = units.named(unit), units.named(shown["name"])
    assume(own.kind == other.kind and own.basis == other.basis)
    times, per = units.scale(own, other)
    billed = heat(code, quantity, unit, of=of, start=day, end=day)
    displayed = replace(billed, unit=shown["name"], quantity=quantity * times / per)

    for one, two in zip(results(billed), results(displayed), strict=True):
        assert figure(one) is figure(two) is None or is_near(figure(one), figure(two))


@given(
    st.sampled_from(["heat", "electricity", "water", "process", "recharge"]), st.sampled_from([KWH, LITRE, "euro_(€)"])
)
@unhurried
def test_what_can_not_be_calculated_is_refused_in_a_sentence(type, unit):  # noqa: A002 (the field's own name)
    of = activity(type, 1, unit, country="XX", fuel="peat")

    for category in calculating.categories_of(of):
        try:
            result = calculate(of, category)
        except CannotCalculate as refused:
            sentence = str(refused)
            assert sentence.endswith(".")
            assert str(category) in sentence
            assert "XX" in sentence
            assert "2024" in sentence
        else:
            assert category in {"energy", "water"} or result.lines[0].flags
