"""From what a maker wrote to the model calls that make it: pure and deterministic."""

from wan_sdk.planning.call import Call, Change, Input, LoraUse, Machine, Note, Probe
from wan_sdk.planning.plan import Estimate, Plan
from wan_sdk.planning.resolver import resolve
from wan_sdk.planning.timeline import Placement, Timeline

__all__ = [
    "Call",
    "Change",
    "Estimate",
    "Input",
    "LoraUse",
    "Machine",
    "Note",
    "Placement",
    "Plan",
    "Probe",
    "Timeline",
    "resolve",
]
