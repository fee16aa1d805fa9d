"""Marks: what says that a machine made a clip, and how it is read back.

Rooms, in the order in which a clip passes them: `deliver` (all of it, whole or not at all), `watermark`
(the id in the pixels), `label` (the words on them), `manifest` (what is claimed), `signer` with `authority`
and `certificates` (who signs), `signing`, `ledger` (what this machine has delivered). And back: `verify`
and its `verdict`, `credentials` with `boxes` and `sniff` (what a file says), `essence` (what survives when it
is stripped), `fingerprint` (what it looks like). `atomic` keeps files whole.
"""
