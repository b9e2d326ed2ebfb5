"""What the signer refuses before it looks at its record."""

from __future__ import annotations

import pytest

from clients.common.slots import SlotClock
from clients.dso.signer.policy import GridRules, Policy, Reason
from clients.dso.signer.quota import Quota
from wire.flowproof import FlowStatement

ACCOUNT = bytes(range(20))
GOOD = FlowStatement("chain", "grid", 10, ACCOUNT, 500, "meter-1")
END_OF_SLOT_10_S = 1_000 + 11 * 600
RULES = GridRules(SlotClock(1_000, 600), max_flow_wh=6_000, oldest_slots=6, meters={ACCOUNT: "meter-1"})
POLICY = Policy({("chain", "grid"): RULES}, clock_tolerance_s=2)


@pytest.mark.parametrize(
    ("statement", "now_s", "reason", "field"),
    [
        (GOOD._replace(account=b"short"), END_OF_SLOT_10_S, Reason.MALFORMED, "account"),
        (GOOD._replace(meter=""), END_OF_SLOT_10_S, Reason.MALFORMED, "meter"),
        (GOOD._replace(meter="m" * 65), END_OF_SLOT_10_S, Reason.MALFORMED, "meter"),
        (GOOD._replace(chain_id="other"), END_OF_SLOT_10_S, Reason.UNKNOWN_GRID, "chain_id, vdg"),
        (GOOD._replace(vdg="other"), END_OF_SLOT_10_S, Reason.UNKNOWN_GRID, "chain_id, vdg"),
        (GOOD, END_OF_SLOT_10_S - 2.1, Reason.SLOT_NOT_OVER, "slot"),
        (GOOD._replace(slot=2**64 - 1), END_OF_SLOT_10_S, Reason.SLOT_NOT_OVER, "slot"),
        (GOOD, END_OF_SLOT_10_S + 3_601, Reason.SLOT_TOO_OLD, "slot"),
        (GOOD._replace(flow_wh=6_001), END_OF_SLOT_10_S, Reason.IMPLAUSIBLE_FLOW, "flow_wh"),
        (GOOD._replace(flow_wh=-6_001), END_OF_SLOT_10_S, Reason.IMPLAUSIBLE_FLOW, "flow_wh"),
        (GOOD._replace(meter="meter-2"), END_OF_SLOT_10_S, Reason.WRONG_METER, "meter"),
        (GOOD._replace(account=bytes(20)), END_OF_SLOT_10_S, Reason.WRONG_METER, "meter"),
    ],
)
def test_a_statement_against_a_rule_is_refused_with_the_field_and_a_way_out(
    statement: FlowStatement, now_s: float, reason: Reason, field: str
) -> None:
    (refusal,) = POLICY.refusals([statement], now_s)
    assert refusal is not None
    assert (refusal.reason, refusal.field) == (reason, field)
    assert len(refusal.way_out) > 20


@pytest.mark.parametrize("now_s", [END_OF_SLOT_10_S - 2, END_OF_SLOT_10_S, END_OF_SLOT_10_S + 3_600])
@pytest.mark.parametrize("flow_wh", [-6_000, 0, 6_000])
def test_a_plausible_flow_of_a_slot_that_is_over_passes(now_s: float, flow_wh: int) -> None:
    assert POLICY.refusals([GOOD._replace(flow_wh=flow_wh)], now_s) == [None]


def test_without_a_list_of_meters_any_meter_passes() -> None:
    policy = Policy({("chain", "grid"): RULES._replace(meters=None)}, clock_tolerance_s=0)
    assert policy.refusals([GOOD._replace(meter="any")], END_OF_SLOT_10_S) == [None]


def test_a_quota_lets_a_burst_through_then_a_steady_rate_for_each_client_alone() -> None:
    now_s = 0.0
    quota = Quota(per_s=10, burst=20, clock=lambda: now_s)
    assert quota.take("one", 20) == 0
    assert quota.take("one", 5) == 0.5
    assert quota.take("two", 20) == 0
    now_s = 0.5
    assert quota.take("one", 5) == 0
    assert quota.take("one", 1) == pytest.approx(0.1)
    now_s = 100.0
    assert quota.take("one", 21) > 0
    assert quota.take("one", 20) == 0
