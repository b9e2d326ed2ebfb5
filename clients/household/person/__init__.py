"""The person in charge of a home: profile, overrides, and what follows from both (docs/household.md)."""
