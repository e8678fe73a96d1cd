"""The local start: PostgreSQL, Airflow's four processes and the example target on one machine, without containers.

`make` calls it; tests and the benchmark use `stack` to bring up one of their own in another state folder.
"""
