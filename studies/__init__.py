"""The thesis's chapters 4, 5 and 6 lived again, without a chain but with its market, planner, control and grid."""
