"""The example target: a small platform API that the example catalog provisions on.

Run as `TARGET_TOKEN=... python -m examples.target --port 8081 --state target.sqlite`. It needs nothing but Python.
It plays a real service's good manners (idempotency keys, unique names, quotas, reserved names, clear refusals), and, on
demand, its bad days: `POST /faults`.
"""
