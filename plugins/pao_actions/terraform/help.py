"""What the documentation says of the `terraform` action beside its keys."""

from __future__ import annotations

EXAMPLE = """\
# A git URL, or a name below the host of the git connection `git_default`.
repository: https://git.example.com/platform/infrastructure.git
branch: main
# The folder that is Terraform's root; a value is one segment of the path.
path: "environments/{{fields.environment}}/databases"
# With `module`, a generated root calls modules/postgresql-cluster of the repository.
module: postgresql-cluster
# Values keep their types: numbers, booleans, lists and objects too.
variables:
  cluster_name: "{{fields.name}}-{{fields.environment}}"
  backup_retention: 7
# Without a backend, each request has a state of its own in the platform's database.
backend:
  type: s3
  config:
    bucket: "terraform-state-{{fields.environment}}"
    key: "databases/{{fields.name}}/{{request.id}}/terraform.tfstate"
    region: eu-central-1
"""

OUTPUTS_HELP = {
    "outputs": "Terraform's outputs by name; sensitive ones are stored encrypted and shown masked",
    "plan": "the numbers of resources that were `added`, `changed` and `destroyed`",
    "run_url": "the run's page, with `runner: cloud`",
}

NOTES = """\
**What runs.** The repository is fetched at its branch, tag or commit into a folder of its own, which is gone when the
action ends; retries and the rollback use the commit of the first try. Its hooks, filters and submodules do nothing.
Whoever may push to the repository decides what Terraform runs on the worker, so let items name repositories that are
reviewed.

**With `module`** the root is generated: it passes `variables` to the module, and the module's outputs are the action's.
In the state they are one output, `outputs`.

**State.** Without `backend` it is in the platform's database, one state for each request, deleted once everything is
destroyed. With `backend` it is where the item says, and two requests that name the same place share it: write
`{{request.id}}` into its key unless they should. A backend in the repository's own files is replaced. Secrets of a
backend come from `{{env.NAME}}`; those of `pg`, `http` and `gcs` reach Terraform as environment variables.

**Credentials of providers** come from the connection that `credentials` names. Its extra's `env` is an object of
environment variables, `inherit` lists variables of the worker that are passed on; connections of type `aws`,
`google_cloud_platform` and `azure` give what their providers read. Nothing else of the worker's environment reaches
Terraform.

**Connections.** `git_default`, of type `git`: `host` is what a repository's name is appended to, such as
`https://github.com/acme`; `password` is a token, or `private_key` in the extra a key.

**Terraform Cloud and Enterprise**, with `runner: cloud`: the `workspace` must exist. With a `repository`, what the
local runner would run is uploaded for the run, by the triggerer, which needs git for that; the workspace's working
directory must be `path`, and it must not be connected with version control itself. Without one, the workspace's own
configuration runs. The run has `variables` of its own, which whoever may read the run can see. `cloud_connection` names
a connection with a token as `password`, the `host` where it is not `app.terraform.io`, and `organization` in its extra.
The action waits in the triggerer, for a policy that a person must override too, and confirms the run's plan itself.

**Undo.** `rollback: {type: terraform}` destroys what the action made, with the same commit, variables and state.

**Interrupted** in the middle, by a stop or the death of the worker, Terraform is told to end in order and stores its
state; the next try goes on from there. Locks are waited for, `lock_timeout` seconds.
"""
