# What is not there, or is something else, is null or nothing; of several values the first.
def text(f): [f? | list | .[]? | strings | select(. != "")][0];
def when(f): [f? | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
def address(f): text(f) | if . != null and test("^[0-9]+(\\.[0-9]+){3}$|^[0-9a-fA-F:]*:[0-9a-fA-F:.]+$") then . else null end;

[ .search | objects | .results? | list | .[]? | objects | select(when(._time) != null) ]
| newest(._time | time)[]
| (text(.signature) // text(.rule_name)) as $rule
| (text(.action) // text(.sourcetype) // "Event") as $title
| (address(.src_ip) // address(.src)) as $from | (address(.dest_ip) // address(.dest)) as $to
| { type: "sighting", title: $title, confidence: "High", internal: true,
    severity: ({informational: "Info", low: "Low", medium: "Medium", high: "High", critical: "Critical"}[text(.severity) // "" | ascii_downcase] // "Unknown"),
    description: ((text(._raw) // $title)[:2000]), observed_time: ._time,
    relations: [select($from != null and $to != null) | relation(ip($from); "Connected_To"; ip($to))],
    data: ({ Host: text(.host), Source: text(.source), Sourcetype: text(.sourcetype), Index: text(.index), Action: text(.action),
             From: (text(.src_ip) // text(.src)), To: (text(.dest_ip) // text(.dest)), User: text(.user), URL: text(.url),
             File: text(.file_name), Hash: text(.file_hash) } | facts),
    key: "\(._time) \(text(._cd) // text(._raw))" } as $sighting
| $sighting,
  ( select($rule)
    | link($sighting; "sighting-of"; {
        type: "indicator", title: $rule, short_description: $rule, description: $rule, confidence: "Medium", key: "rule \($rule)" }) )
