"""PAO's REST API and WebSockets, mounted in Airflow's API server."""
