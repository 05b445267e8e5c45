# What is not there, or is something else, is null or nothing.
def texts(f): [f? | list | .[]? | strings, (numbers | tostring) | select(. != "")];
def text(f): texts(f)[0];
def number(f): [f? | numbers, (strings | tonumber?)][0];
def when(f): [f? | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
# An address, and not one of the words that stand in such members, too.
def address(f): [texts(f)[] | select(test("^[0-9]+(\\.[0-9]+){3}$|^[0-9a-fA-F:]*:[0-9a-fA-F:.]+$"))][0];

[ .search | objects | .hits? | objects | .hits? | list | .[]? | objects | select((._source? | type) == "object")
  | {id: text(._id), at: (when(._source.timestamp) // when(._source["@timestamp"])), alert: ._source} | select(.at) ]
| newest(.at | time)[]
| .at as $at | .id as $id | .alert
| (.data? | objects // {}) as $data | ($data.win.eventdata? // {} | objects // {}) as $win
| text(.rule.description) as $rule
| ((number(.rule.level) | band([[3, "Info"], [6, "Low"], [11, "Medium"], [14, "High"], [16, "Critical"]])) // "Unknown") as $severity
| (address($data.srcip) // address($data.src_ip) // address($win.sourceIp) // address($win.ipAddress)) as $from
| (address($data.dstip) // address($data.dest_ip) // address($win.destinationIp)) as $to
| { type: "sighting", title: ($rule // "Alert of Wazuh"), confidence: "High", severity: $severity, internal: true,
    description: ((text(.full_log) // $rule // "Alert of Wazuh")[:2000]),
    observed_time: $at, external_ids: [text(.id) // $id | strings],
    sensor: "endpoint.sensor",
    relations: (
      [ select($from != null and $to != null) | relation(ip($from); "Connected_To"; ip($to)) ]
      + [ text($win.queryName) as $name | select($name)
          | [text($win.queryResults) // "" | split(";")[] | ltrimstr("::ffff:") | select(test("^[0-9]+(\\.[0-9]+){3}$"))][:20][]
          | relation(domain($name); "Resolved_To"; ip(.)) ]
      + [ text(.syscheck.path) as $path | text(.syscheck.sha256_after) as $hash | select($path != null and $hash != null)
          | relation({type: "file_path", value: $path}; "File_Path_Of"; {type: "sha256", value: $hash}) ]),
    targets: [
      [ {type: "hostname", value: text(.agent.name)}, ip(address(.agent.ip)) | select(.value != null) ]
      | select(. != []) | {type: "endpoint", observables: .} ],
    data: ({ Level: text(.rule.level), Rule: text(.rule.id), Groups: (texts(.rule.groups) | if . == [] then null else join(", ") end),
             Agent: text(.agent.name), From: $from, To: $to,
             User: (text($data.dstuser) // text($data.srcuser) // text($win.targetUserName)), File: text(.syscheck.path),
             Location: text(.location) } | facts),
    key: (text(.id) // $id) } as $sighting
| $sighting,
  ( select($rule)
    | link($sighting; "sighting-of"; {
        type: "indicator", title: $rule, short_description: $rule, description: "Rule\(text(.rule.id) // "" | if . == "" then "" else " \(.)" end) of Wazuh: \($rule)",
        confidence: "Medium", severity: $severity, tags: ((texts(.rule.groups) + texts(.rule.mitre.id)) | unique),
        external_ids: [text(.rule.id) // empty],
        external_references: [ texts(.rule.mitre.id)[] | select(test("^T[0-9]{4}(\\.[0-9]{3})?$"))
          | {source_name: "MITRE ATT&CK", external_id: ., url: "https://attack.mitre.org/techniques/\(sub("\\."; "/"))"} ],
        key: "rule \(text(.rule.id) // $rule)" }) )
