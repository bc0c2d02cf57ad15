"""The rules of this house, as scripts/tidy.py runs them. One function a rule, a sample that breaks each."""
