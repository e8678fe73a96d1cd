"""The benchmark: measures the orchestrator on a real stack, beside the same work in a hand-written Airflow DAG."""
