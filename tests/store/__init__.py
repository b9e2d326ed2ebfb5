"""The validator's disk stores."""
