# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def when(f): [f? | numbers, (strings | tonumber?) | select([time?] != [])][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

def address: test("^[0-9]{1,3}([.][0-9]{1,3}){3}$|:");

# Version 2 of the service may write the address as rrname and the name as rdata.
[ .records | list | .[]? | objects | select((.rrtype? == ("A", "AAAA")) and when(.time_last) != null)
  | text(.rrname) as $one | (.rdata? | list | .[] | strings | select(. != "")) as $other | select($one)
  | . + (if $one | address then {name: $other, address: $one} else {name: $one, address: $other} end) ]
| newest(when(.time_last))[]
| { type: "sighting", title: "Passive DNS", confidence: "High", internal: false,
    description: (if $type == "domain" then "An address of \($value)" else "A name of \($value)" end),
    count: ([.count? | numbers, (strings | tonumber?) | select(. >= 1) | floor][0] // 1),
    observed_time: {start_time: (when(.time_first) // when(.time_last)), end_time: when(.time_last)},
    sensor: "process.dns-server",
    relations: [relation(domain(.name); "Resolved_To"; ip(.address))],
    data: ({Type: .rrtype, Origin: text(.origin)} | facts),
    key: "\(.name) \(.rrtype) \(.address)" }
