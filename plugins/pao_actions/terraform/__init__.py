"""The `terraform` action: `action` is the type, `local` and `cloud` are its two runners."""
