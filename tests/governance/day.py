"""One fixed day of governance that touches every kind of change and every collection of the module.

``python -m tests.governance.day --write`` makes what came of it the golden files: that is consensus-breaking.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.app import scenario, world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of
from tests.governance.decisions import joining, rotation
from wire.accounts import AdmitAccount, Role, SetRoles
from wire.chain import Quota, UpgradePlan
from wire.control import SetSwitchingLimits
from wire.governance import (
    CancelUpgrade,
    Change,
    GovernanceParameters,
    Misbehaviour,
    Offence,
    Propose,
    SetChainLimits,
    SetOperator,
    SetPower,
    SetProductLimits,
    SetRewardTerms,
    Withdraw,
)
from wire.settlement import SettlementParameters

GOLDEN = Path(__file__).with_name("golden")
HASHES, STORED = GOLDEN / "app_hashes.json", GOLDEN / "stored.json"


class GovernedDay(Chain):
    """The tests' chain with governance; ``blocks`` lists app hash, result codes and moved power of every block."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self.recorded = scenario.RecordingStore()
        super().__init__(world.genesis(governance={}, control={}), store=self.recorded)

    def finalize(self, *txs: bytes, time_s: int | None = None) -> Any:
        """As a chain does; writes down what came of it."""
        done = super().finalize(*txs, time_s=time_s)
        self.blocks.append(
            {
                "height": self.app.last_block.height,
                "app_hash": done.app_hash.hex(),
                "results": [result.code.name for result in done.block.results],
                "powers": [[key.hex()[:8], power] for key, power in done.block.powers],
            }
        )
        return done


def run() -> GovernedDay:
    """Play the day."""
    day = GovernedDay()
    validator = {number: public_key_of(f"validator-{number}") for number in range(1, 5)}
    day.decide(Change(add_validator=joining("validator-3", 3, "olga")))
    day.decide(Change(rotate_validator_key=rotation("validator-2", "validator-4", "olga")))
    day.decide(Change(set_power=SetPower(validator[4], 14)))
    day.decide(Change(set_operator=SetOperator(validator[1], address("olga"))))
    day.decide(Change(admit_account=AdmitAccount(public_key_of("otto"), (Role.ROLE_OPERATOR,), "otto")))
    day.decide(Change(set_roles=SetRoles(address("bob"), (Role.ROLE_HOUSEHOLD, Role.ROLE_ISSUER))))
    quotas = (Quota(Role.ROLE_HOUSEHOLD, 32), Quota(Role.ROLE_DSO, 128))
    day.decide(Change(set_chain_limits=SetChainLimits(1_800, quotas)))
    day.decide(Change(set_governance=GovernanceParameters(2, 3_600)))
    day.decide(Change(set_settlement=SettlementParameters(7_200, 16)))
    day.decide(Change(set_product_limits=SetProductLimits("intraday", 5_000, 900_000)))
    day.decide(Change(set_reward_terms=SetRewardTerms(world.VDG, 2_000, 20, 3)))
    day.decide(Change(set_switching_limits=SetSwitchingLimits(world.VDG, 3, 2)))
    day.decide(Change(add_validator=joining("validator-5", 2, "otto")))
    day.decide(Change(plan_upgrade=UpgradePlan(2, 500)))
    day.decide(Change(cancel_upgrade=CancelUpgrade(2)))
    day.do("oscar", Propose(Change(plan_upgrade=UpgradePlan(2, 600)), "not yet"))
    day.do("oscar", Withdraw(day.proposals()))
    day.do("otto", Propose(Change(set_power=SetPower(validator[1], 29)), "nobody should have so much"))
    report = Misbehaviour(Offence.OFFENCE_DUPLICATE_VOTE, address("validator-2"), height=day.app.last_block.height)
    day.reports = [report]
    day.finalize()
    day.finalize(time_s=day.time_s + 3_600)
    return day


def examples(day: GovernedDay) -> dict[str, list[str]]:
    """Key and first value of every collection that only governance writes, in hex."""
    own = {base: entry for base, entry in scenario.examples(day.recorded).items() if base.startswith("governance/")}
    return own | {"chain/u": scenario.examples(day.recorded)["chain/u"]}


def main() -> None:
    """Print, or write the golden files."""
    day = run()
    if "--write" in sys.argv:
        GOLDEN.mkdir(exist_ok=True)
        HASHES.write_text(json.dumps(day.blocks, indent=0) + "\n")
        STORED.write_text(json.dumps(examples(day), indent=1) + "\n")
    else:
        print(json.dumps(day.blocks))


if __name__ == "__main__":
    main()
