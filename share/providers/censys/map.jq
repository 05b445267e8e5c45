# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers][0];
def when(f): [f? | select([time?] != [])][0];
def texts(f): [f? | list | .[]? | strings | select(. != "")];
def objects_in(f): [f? | list | .[]? | objects];
def words: map(select(. != null)) | if . == [] then null else join(" ") end;
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;

"https://platform.censys.io/hosts/\($value | @uri)" as $page
| (.host, .host_of_plan) | objects | .result? | objects | .resource? | objects
| [objects_in(.services)[] | select(number(.port) != null and when(.scan_time) != null)] as $services
| ((texts(.dns.names) + texts(.dns.reverse_dns.names)) | unique) as $names
| ( select($services != [] or $names != [])
    | { type: "sighting", title: "Host on the Internet", confidence: "High", internal: false,
        description: "Open ports: \([$services[] | .port] | unique | map(tostring) | if . == [] then "none" else join(", ") end)",
        observed_time: ([$services[] | .scan_time | time] | max // $now),
        source_uri: $page, external_references: [{source_name: "Censys", url: $page}],
        relations: [texts(.dns.names)[:$limit][] | relation(domain(.); "Resolved_To"; $observable)],
        data: ({ Network: ([(number(.autonomous_system.asn) | select(.) | "AS\(.)"), text(.autonomous_system.name)] | words),
                 Prefix: text(.autonomous_system.bgp_prefix), Country: text(.location.country), City: text(.location.city),
                 "Operating system": ([text(.operating_system.vendor), text(.operating_system.product)] | words),
                 "Names by address": (texts(.dns.reverse_dns.names) | if . == [] then null else join(", ") end),
                 Labels: ([objects_in(.labels)[] | text(.value) // empty] | if . == [] then null else join(", ") end) } | facts),
        key: "host" } ),
  ( $services | newest(.scan_time)[]
    | "\(.port)/\(text(.transport_protocol) // "tcp" | ascii_downcase)" as $port
    | ([objects_in(.software)[] | [text(.vendor), text(.product), text(.version)] | words | strings] | if . == [] then null else join(", ") end) as $software
    | { type: "sighting", title: "Open port \($port)", confidence: "High", internal: false,
        description: "\($software // text(.protocol) // "A service") answered on port \($port).",
        observed_time: .scan_time, source_uri: $page,
        data: ({ Port: $port, Service: text(.protocol), Software: $software, Certificate: text(.cert.parsed.subject_dn),
                 Labels: ([objects_in(.labels)[] | text(.value) // empty] | if . == [] then null else join(", ") end) } | facts),
        key: $port } )
