"""What the documentation says of `rest-api` below its keys. Every example in it is validated by a test."""

NOTES = """\
**Effects.** Every call carries an `Idempotency-Key`, the same for every try of one action, so that an API that knows
the header does it once. A `POST` or `PATCH` without `retry` is not sent again where it may have arrived: if its answer
was lost, or its host died, the action ends as `outcome_unknown`, and a person decides. As a rollback, a `DELETE` that
is answered 404 or 410 counts as undone. An output called `url` is the action's link in the API and in Airflow's UI.

**Connection.** An Airflow connection of type `http`: host, schema and port make the base URL, to which its credentials
are sent and to no other place. Login and password sign in, unless `authentication` says otherwise. Its extra holds
headers, and these options:

| option | meaning |
| --- | --- |
| `verify` | Path of the accepted authorities (a file or a folder), or `false` for any certificate. |
| `cert` | Client certificate: a path, or a list of the paths of certificate and key. Renewed files are read. |
| `proxy`, `proxies` | URL of a proxy, or one for each of `http`, `https` and `all`. The environment's are never used. |
| `timeout` | Seconds for a call whose item says no `timeout`. |
| `allow_redirects`, `max_redirects` | Whether redirects are followed, and how many: 5 by default. |
| `redirect_origins` | Other origins that redirects and `poll` may lead to, as in `["https://files.example.com"]`. |
| `oauth2` | `token_url`, `scope`, `audience` and `auth_style`, as in `authentication.config`. |

**Signing in.** A token by client credentials is fetched once for all actions that need it, kept until shortly before it
expires, and fetched anew where the target answers 401:

```yaml
type: rest-api
config:
  method: POST
  url: https://api.example.com/v1/things
  authentication:
    type: oauth2
    config:
      token_url: https://login.example.com/oauth2/token
      client_id: "{{env.API_CLIENT}}"
      client_secret: "{{env.API_SECRET}}"
      scope: things.write
  body: {name: "{{fields.name}}"}
```

**Long work.** `poll` follows what goes on after the answer, without a worker slot, over restarts, and through errors
that pass. Its URL has places for what the first answer holds: `{$.operation.id}` for a JSONPath, `{Operation-Location}`
for a header. A value in a place is encoded, so that it adds nothing to the URL; a URL that is one place is taken whole.
Without a `url` it looks at the answer's own `Operation-Location` or `Location`. An output that the last look lacks is
taken from the first answer, unless it is secret. `cancel` is sent when a person stops the action meanwhile.

```yaml
type: rest-api
config:
  method: POST
  url: https://api.example.com/v1/databases
  headers: {Authorization: "Bearer {{env.API_TOKEN}}"}
  body: {name: "{{fields.name}}"}
  poll:
    url: https://api.example.com/v1/operations/{$.operation.id}
    interval: 15
    timeout: 1800
    until: {path: $.status, in: [succeeded]}
    failed_when:
      - {path: $.status, in: [failed, cancelled]}
      - {status_codes: [404]}
  cancel:
    method: DELETE
    url: https://api.example.com/v1/operations/{$.operation.id}
  response_mapping:
    id: $.id
    host: $.result.host
```

**Redirects** are followed within the same scheme, host and port. To an origin that the connection allows, they take
neither credentials nor a body along. A `POST` that is answered 301 or 302, and anything that is answered 303, goes on
as a `GET`.

**Limits.** An answer is read up to 1 MiB. Paths of a mapping may look at 300,000 values.
"""
