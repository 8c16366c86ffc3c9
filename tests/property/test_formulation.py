"""What holds for every mixture: doses add up, order is nothing, less is never worse, missing is never a pass."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocols.rules.catalogue import Catalogue
from protocols.rules.formulation import check_mixture
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.mixture import parse_formulation
from tests.builders.facts import MAN, TODAY, facts, shipped

GRAVITY = ["ok", "ok_with_warnings", "cannot_conclude", "blocked"]
INGREDIENTS = [row.id for row in shipped().of(Ingredient)]
AMOUNT = st.decimals("0.001", "12", places=3).map(str)
COMPONENT = st.fixed_dictionaries(
    {
        "ingredient": st.sampled_from(INGREDIENTS),
        "volume_ml": AMOUNT,
        "percent": st.decimals("0.01", "4", places=2).map(str),
        "syringe": st.sampled_from(["1", "2", "LA"]),
    }
)
MIXTURE = st.lists(COMPONENT, min_size=1, max_size=7)
# Often the same ingredient twice, as no product is ruled out by another of its kind.
TWICE = st.lists(st.sampled_from(["VIT_BIOTIN", "MIN_IRON", "DRG_MINOXIDIL"]), min_size=2, max_size=6)
LIMITS = ("max_percent", "max_session_mg", "max_session_ml")
LIMITED = [
    (row.id, limit) for row in shipped().of(Ingredient) for limit in LIMITS if getattr(row, limit, None) is not None
]


def check(components: list[dict[str, Any]], catalogue: Catalogue | None = None, **over: object):
    formulation = parse_formulation({"components": components})
    return check_mixture(formulation, facts=facts(MAN, **over), evaluated_on=TODAY, catalogue=catalogue or shipped())


def with_limit(ingredient: str, limit: str, share: Decimal) -> Catalogue:
    """The shipped release with this share of one limit of one ingredient."""
    row = shipped().row(Ingredient, ingredient)
    stricter = replace(row, **{limit: getattr(row, limit) * share})
    return replace(shipped(), rows={**shipped().rows, Ingredient: {**shipped().rows[Ingredient], ingredient: stricter}})


@given(mixture=MIXTURE)
def test_doses_and_volumes_are_conserved(mixture):
    doses = check(mixture).doses
    assert sum(dose.volume_ml for dose in doses) == sum(Decimal(each["volume_ml"]) for each in mixture)
    assert sum(dose.mg for dose in doses) == sum(
        Decimal(each["volume_ml"]) * Decimal(each["percent"]) * 10 for each in mixture
    )


@given(mixture=MIXTURE, order=st.randoms(use_true_random=False))
def test_the_order_of_components_changes_nothing(mixture, order):
    shuffled = list(mixture)
    order.shuffle(shuffled)
    assert check(shuffled) == check(mixture)


@given(names=TWICE, mixture=st.lists(COMPONENT, min_size=6, max_size=6), order=st.randoms(use_true_random=False))
def test_nor_does_the_order_of_two_of_a_kind(names, mixture, order):
    alike = [part | {"ingredient": name, "syringe": "1"} for name, part in zip(names, mixture, strict=False)]
    shuffled = list(alike)
    order.shuffle(shuffled)
    assert check(shuffled) == check(alike)


@given(mixture=MIXTURE)
def test_the_same_mixture_gives_the_same_answer(mixture):
    assert check(mixture) == check(mixture)


@given(mixture=MIXTURE, light=st.integers(25, 300), more=st.integers(0, 275))
def test_less_weight_never_makes_an_anaesthetic_milder(mixture, light, more):
    heavy = min(light + more, 300)
    blocked = {f.code for f in check(mixture, weight_kg=heavy).findings if f.rule == "FX-10"}
    assert blocked <= {f.code for f in check(mixture, weight_kg=light).findings}


@given(mixture=MIXTURE, limited=st.sampled_from(LIMITED), share=st.decimals("0.05", "0.95", places=2))
def test_a_stricter_limit_never_gives_a_milder_answer(mixture, limited, share):
    ingredient, limit = limited
    part = {"ingredient": ingredient, "volume_ml": "2", "percent": "0.5", "syringe": "1"}
    before, after = check([part, *mixture]), check([part, *mixture], with_limit(ingredient, limit, share))
    assert GRAVITY.index(before.result) <= GRAVITY.index(after.result)
    assert {f.code for f in before.findings} <= {f.code for f in after.findings}


@given(mixture=MIXTURE, extra=COMPONENT)
def test_a_further_component_never_lifts_a_stop_on_amounts(mixture, extra):
    # FX-05 reads the strength of a syringe, which a further component may thin; amounts only ever grow.
    def stops(components: list[dict[str, Any]]) -> set[str]:
        return {f.code for f in check(components).findings if f.rule in {"FX-04", "FX-06a", "FX-06b", "FX-09", "FX-10"}}

    assert stops(mixture) <= stops([*mixture, extra])


@given(mixture=MIXTURE, place=st.integers(0, 6))
def test_a_missing_volume_is_never_a_pass(mixture, place):
    index = place % len(mixture)
    holed = [{**each, "volume_ml": None} if at == index else each for at, each in enumerate(mixture)]
    assert check(holed).result in GRAVITY[2:]


@given(mixture=MIXTURE)
def test_nothing_passes_while_allergies_were_not_reviewed(mixture):
    assert check(mixture, allergies_reviewed=None).result in GRAVITY[2:]


@given(weight=st.integers(25, 300))
def test_reaching_a_limit_exactly_is_allowed_and_one_drop_more_is_not(weight):
    limit = min(Decimal("4.5") * weight, Decimal(300))

    def lidocaine(mg: Decimal) -> set[str]:
        part = {"ingredient": "LA_LIDOCAINE", "volume_ml": str(mg / 10), "percent": "1"}
        return {finding.rule for finding in check([part], weight_kg=weight).findings}

    assert "FX-10" not in lidocaine(limit)
    assert "FX-10" in lidocaine(limit + Decimal("0.001"))
