# A member by its path, as an object in objects or with dots in its name; what is not there is null.
def at($path): [getpath($path | split("."))?, .[$path]?] | map(select(. != null)) | .[0];
def texts($path): [at($path) | list | .[]? | strings, (numbers | tostring) | select(. != "")];
def text($path): texts($path)[0];
def when(f): [f? | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
def endpoint($ip; $port): text($ip) as $i | text($port) as $p | if $i and $p then "\($i) port \($p)" else $i end;

[ .search | objects | .hits? | objects | .hits? | list | .[]? | objects | select((._source? | type) == "object") ]
| map({id: ([._id? | strings][0]), index: ([._index? | strings][0]), at: (._source | when(at("@timestamp"))), event: ._source})
| map(select(.at)) | newest(.at | time)[]
| .at as $at | .id as $id | .index as $index | .event
| (text("event.action") // text("event.dataset") // text("event.module") // "Event") as $title
| text("rule.name") as $rule
| ({low: "Low", medium: "Medium", high: "High", critical: "Critical"}[text("kibana.alert.severity") // "" | ascii_downcase] // "Unknown") as $severity
| { type: "sighting", title: $title, confidence: "High", severity: $severity, internal: true,
    description: ((text("message") // text("event.original") // $title)[:2000]),
    observed_time: $at, external_ids: [$id | strings],
    sensor: ({network: "network", endpoint: "endpoint", host: "endpoint"}[text("event.category") // ""]),
    relations: (
      [ text("source.ip") as $from | text("destination.ip") as $to | select($from != null and $to != null)
        | relation(ip($from); "Connected_To"; ip($to)) ]
      + [ text("dns.question.name") as $name | select($name) | texts("dns.resolved_ip")[:20][] | relation(domain($name); "Resolved_To"; ip(.)) ]
      + [ text("url.full") as $url | text("url.domain") as $name | select($url != null and $name != null)
          | relation(url($url); "Contains"; domain($name)) ]
      + [ ("file", "process") as $what | text("\($what).name") as $name | text("\($what).hash.sha256") as $hash
          | select($name != null and $hash != null)
          | relation({type: "file_name", value: $name}; "File_Name_Of"; {type: "sha256", value: $hash}) ]),
    targets: [
      [ {type: "hostname", value: (text("host.name") // text("host.hostname"))}, (texts("host.ip")[:5][] | ip(.)),
        {type: "user", value: text("user.name")} | select(.value != null) ]
      | select(. != []) | {type: "endpoint", observables: .} ],
    data: ({ Action: text("event.action"), Outcome: text("event.outcome"), Category: (texts("event.category") | if . == [] then null else join(", ") end),
             From: endpoint("source.ip"; "source.port"), To: endpoint("destination.ip"; "destination.port"),
             Host: (text("host.name") // text("host.hostname")), User: text("user.name"), Process: (text("process.executable") // text("process.name")),
             URL: (text("url.full") // text("url.original")), File: (text("file.path") // text("file.name")), Index: $index } | facts),
    key: "\($index) \($id)" } as $sighting
| $sighting,
  ( select($rule)
    | link($sighting; "sighting-of"; {
        type: "indicator", title: $rule, short_description: $rule, description: (text("rule.description") // $rule), confidence: "Medium",
        severity: $severity, tags: texts("threat.technique.id"), external_ids: texts("rule.id"), key: "rule \(text("rule.id") // $rule)" }) )
