"""Marks: watermark, manifest, signature, ledger, and reading them back."""
