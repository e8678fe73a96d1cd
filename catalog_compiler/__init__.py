"""Compiles a catalog of YAML service descriptions into plans and Airflow DAGs.

One way through: document, model, checks, plan, DAG. Everything but `catalog_compiler.airflow` works without Airflow.
"""
