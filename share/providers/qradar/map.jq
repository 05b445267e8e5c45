# What is not there, or is something else, is null or nothing.
def text(f): f? | strings | select(. != "" and . != "N/A" and . != "null");
def first_text(f): [text(f)][0];
def address(f): first_text(f) | if . != null and . != "0.0.0.0" and . != "0:0:0:0:0:0:0:0" and . != "::"
    and test("^[0-9]+(\\.[0-9]+){3}$|^[0-9a-fA-F:]*:[0-9a-fA-F:.]+$") then . else null end;
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

[ .results | objects | .events? | list | .[]? | objects | select((.starttime | type) == "number" and .starttime > 0 and .starttime < 4e12) ]
| newest(.starttime)[]
| (first_text(.event) // "Event") as $title
| address(.sourceip) as $from | address(.destinationip) as $to
| (.magnitude | if type == "number" then . else null end) as $magnitude
| { type: "sighting", title: $title, confidence: "High", internal: true,
    severity: (if $magnitude == null then "Unknown" elif $magnitude >= 8 then "High" elif $magnitude >= 4 then "Medium" else "Low" end),
    description: $title, observed_time: (.starttime / 1000 | floor | todate),
    relations: [select($from != null and $to != null) | relation(ip($from); "Connected_To"; ip($to))],
    data: ({ "Log source": first_text(.logsource), Category: first_text(.category), From: $from, To: $to,
             User: first_text(.username), Magnitude: ($magnitude | if . == null then null else tostring end) } | facts),
    key: "\(.starttime) \($title) \($from) \($to) \(first_text(.username)) \(first_text(.logsource))" }
