# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def when(f): [f? | numbers, (strings | tonumber?) | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

[ .records | list | .[]? | objects
  | text(.rrname) as $name | text(.rdata) as $data
  | select((.rrtype? == ("A", "AAAA")) and $name != null and $data != null and when(.time_last) != null) ]
| newest(when(.time_last))[]
| { type: "sighting", title: "Passive DNS", confidence: "High", internal: false,
    description: (if $type == "domain" then "An address of \($value)" else "A name of \($value)" end),
    count: ([.count? | numbers, (strings | tonumber?) | select(. >= 1) | floor][0] // 1),
    observed_time: {start_time: (when(.time_first) // when(.time_last)), end_time: when(.time_last)},
    sensor: "process.dns-server",
    relations: [relation(domain(.rrname); "Resolved_To"; ip(.rdata))],
    data: ({Type: .rrtype, Origin: text(.origin)} | facts),
    key: "\(.rrname) \(.rrtype) \(.rdata)" }
