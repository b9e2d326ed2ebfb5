"""A validator's application process: the state machine over a disk store, served to CometBFT over ABCI."""

from node.validator.application import ValidatorApplication

__all__ = ["ValidatorApplication"]
