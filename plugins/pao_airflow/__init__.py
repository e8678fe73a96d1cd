"""Hosts PAO's actions in Airflow: operators, triggers, callbacks, and the entry points of PAO's own processes."""
