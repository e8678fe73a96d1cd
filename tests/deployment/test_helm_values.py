"""`helm-values.yaml`: our image, our DAG processor, one place for logs, and no secret in clear."""

from __future__ import annotations


def test_the_dag_processor_is_ours(helm_values):
    """Airflow's own would parse versioned files for ever."""
    assert helm_values["dagProcessor"]["enabled"] is True
    assert helm_values["dagProcessor"]["args"][-1] == "exec pao dag-processor"


def test_the_triggerer_is_ours(helm_values):
    """Airflow's own can come to a stop where very many requests start at once."""
    assert helm_values["triggerer"]["args"][-1] == "exec pao triggerer"


def test_logs_have_one_place(helm_values):
    """What ran on a triggerer is read by the API server."""
    assert helm_values["logs"]["persistence"]["enabled"] is True


def test_jobs_see_our_environment(helm_values):
    """Without it the migration would not make our tables."""
    assert helm_values["migrateDatabaseJob"]["applyCustomEnv"] is True
    assert helm_values["createUserJob"]["applyCustomEnv"] is True
    assert "pao setup --accounts -" in helm_values["createUserJob"]["args"][-1]


def test_secrets_come_from_a_secret(helm_values):
    """None of them is in a value."""
    in_clear = {each["name"] for each in helm_values["env"]}
    from_secret = {each["envName"] for each in helm_values["secret"]}

    assert {"AIRFLOW__PAO__FERNET_KEY", "AIRFLOW_CONN_PAO_API", "AIRFLOW_CONN_PAO_TERRAFORM_STATE"} == from_secret
    assert {name for name in in_clear if name.endswith(("KEY", "SECRET", "CONN", "PASSWORD"))} == set()
    assert helm_values["data"]["metadataSecretName"] == helm_values["jwtSecretName"] == "pao-secrets"


def test_files_of_requests_have_one_place(helm_values):
    """What an API server writes is read by actions on triggerers and workers: a volume that all pods mount."""
    (storage,) = [each["value"] for each in helm_values["env"] if each["name"] == "AIRFLOW__PAO__FILE_STORAGE"]
    (volume,), (mount,) = helm_values["volumes"], helm_values["volumeMounts"]

    assert f"file://{mount['mountPath']}" == storage
    assert volume["name"] == mount["name"]
    assert "pao-files" == volume["persistentVolumeClaim"]["claimName"]
