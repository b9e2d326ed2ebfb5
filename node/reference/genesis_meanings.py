"""What each field of the genesis document is for: by model, then by field."""

from __future__ import annotations

MEANINGS: dict[str, dict[str, str]] = {
    "Genesis": {
        "modules": "The modules that are switched on. Each builds on those before it, so they are the first few of the "
        "default; after all of these may come `control` and `governance`, which are on by default where their parts "
        "are given.",
        "max_expiry_s": "How far ahead of block time a transaction's `expires_s` may be (s).",
        "quotas": "How many transactions an account may have in a block, by role; the largest of its roles counts, and "
        "16 where none is named.",
        "validators": "Which account the rewards of a validator go to. Their voting power stands in CometBFT's part of "
        "the genesis.",
        "accounts": "Who takes part.",
        "ledger": "The money that there is.",
        "grid": "The VDGs.",
        "asset": "The registered devices.",
        "market": "The products.",
        "flowproof": "Nothing: proofs are checked with the VDGs' keys.",
        "settlement": "Payouts and how long records are kept.",
        "control": "Phase switches, and how much they may be used; sessions of control ([control](control.md)).",
        "governance": "How the operators decide ([governance](governance.md)).",
    },
    "GenesisQuota": {
        "role": "The role.",
        "transactions": "How many an account with it may have in one block.",
    },
    "GenesisOperator": {
        "public_key": "The validator's consensus key, as in CometBFT's part of the genesis.",
        "operator": "The account that its share of the surplus goes to.",
    },
    "AccountsGenesis": {"accounts": "Accounts that are admitted from the start; one should be a registrar."},
    "GenesisAccount": {
        "public_key": "The account's Ed25519 key; the first 20 bytes of its SHA-256 are the address.",
        "roles": "What it may do.",
        "label": "A word for people. It names no person: who is who stays with the DSO, off chain.",
    },
    "LedgerGenesis": {"balances": "Minted for accounts and pools; each names either `account` or `reward_pool`."},
    "GenesisBalance": {
        "account": "The account that gets it.",
        "reward_pool": "The VDG whose pool of rewards gets it.",
        "amount_neur": "How much (nEUR).",
    },
    "GridGenesis": {"grids": "Virtual distribution grids; each has members, prices, a DSO and a supplier of its own."},
    "GenesisGrid": {
        "vdg": "The VDG's name.",
        "epoch_s": "When slot 0 begins (Unix s). It should be a midnight, as slots of the day count from it.",
        "slot_seconds": "How long a slot of ten minutes lasts on this chain (s): 600 in real time, less for a demo.",
        "dso": "The account that connects members, registers devices, posts rebates and caps, and pays the rebates.",
        "supplier": "The account that posts prices and trades all deviations.",
        "proof_key": "The key that signs proofs of flow. It is no account's key.",
        "reward_rate_neur_per_wh": "R's rate in (6.6): the reward for each Wh contracted; at most half of P_u - P_f.",
        "deviation_neur_per_wh2": "a_r in (6.6): what the square of a deviation from the plan costs.",
        "proof_deadline_slots": "How many slots after its end a slot settles with the proofs that are there.",
        "priority": "The DSO's rank of VDGs on one network: the lowest is capped first. No rule of the chain needs it.",
        "buy_price_neur_per_wh": "P_u, what the supplier takes for a Wh: one price, or one for each slot of the day.",
        "sell_price_neur_per_wh": "P_f, what it gives for a Wh (feed-in); never above P_u of the same slot.",
        "members": "The households that are connected from the start.",
    },
    "GenesisMember": {
        "account": "The household's account.",
        "meter": "Its meter's serial number, which every proof of its flow names.",
    },
    "AssetGenesis": {"assets": "Devices that the DSO has inspected."},
    "GenesisAsset": {
        "asset_id": "The device's name, unique on the chain.",
        "vdg": "The VDG that it stands in.",
        "owner": "The member that it belongs to.",
        "kind": "What it is. Photovoltaics and batteries back asks, meters do not.",
        "power_w": "The most that it can deliver (W); a sixth of it, in Wh, is the most for a slot.",
        "capacity_wh": "A battery's size (Wh); 0 for everything else.",
    },
    "MarketGenesis": {"products": "What is traded; the default is the three products of docs/market.md."},
    "GenesisProduct": {
        "name": "The product's name.",
        "block_slots": "How many slots an order covers; a divisor of 144.",
        "gate": "How the gate follows from the slot: so many slots before it, or at a slot of the day before.",
        "gate_slots": "How many slots before the start, or the slot of the day before.",
        "horizon_slots": "How far ahead orders may be placed (slots).",
        "max_energy_wh": "The most that one order may be for (Wh).",
        "max_price_neur_per_wh": "The highest limit price (nEUR/Wh).",
    },
    "FlowproofGenesis": {},
    "SettlementGenesis": {
        "payout_s": "How often the surplus is paid out to the validators' operators (s of block time).",
        "keep_slots": "How many slots after its own the records of a settled slot are kept. Certificates and evidence "
        "stay for good.",
    },
    "ControlGenesis": {
        "limits": "How much switches may be used; a VDG that is left out has the defaults.",
        "switches": "The phase switches that are there from the start, at most one a home.",
    },
    "GenesisSwitchingLimits": {
        "vdg": "The VDG.",
        "switchings_per_slot": "How many of its switches may be ordered for one slot.",
        "switchings_per_day": "How many orders one switch may have for the slots of a day.",
    },
    "GenesisSwitch": {
        "vdg": "The VDG.",
        "account": "The home, a member of it.",
        "serial": "The device's serial number.",
        "controller": "The account that the device confirms with; without it the home does.",
        "feeder": "The feeder that the home is connected to.",
        "phase": "The phase that it is on.",
    },
    "GovernanceGenesis": {
        "threshold": "How many operators must approve: more than half. Without it, more than two thirds.",
        "voting_s": "How long a proposal is open (s of block time).",
    },
}
