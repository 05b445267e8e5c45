# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def flag(f): (f? // false) == true;
def when(f): [f? | select([time?] != [])][0];
def words: map(select(. != null)) | if . == [] then null else join(" ") end;

"https://ipinfo.io/\($value | @uri)" as $page
| ( (.lite | objects
     | { Network: ([text(.asn), text(.as_name)] | words), Owner: text(.as_domain),
         Country: text(.country), Continent: text(.continent) }),
    (.lookup | objects
     | { "Host name": text(.hostname),
         Network: ([text(.as.asn), text(.as.name)] | words), Owner: text(.as.domain), "Kind of network": text(.as.type),
         City: text(.geo.city), Region: text(.geo.region), Country: text(.geo.country),
         Hosting: (if flag(.is_hosting) then "yes" else null end),
         Mobile: (if flag(.is_mobile) then "yes" else null end),
         Satellite: (if flag(.is_satellite) then "yes" else null end),
         Anycast: (if flag(.is_anycast) then "yes" else null end) })
  | with_entries(select(.value != null)) | select(. != {})
  | { type: "sighting", title: "Place and network", confidence: "High", internal: false,
      description: ("\($value) is in \([.City, .Region, .Country] | words // "an unknown place"), "
        + "network \(.Network // "unknown")."),
      observed_time: $now, source_uri: $page,
      external_references: [{source_name: "IPinfo", url: $page}],
      data: table, key: "place" } ),

# Who hides behind it, one indicator for each way.
( .lookup | objects | .anonymous? | objects | . as $hidden
  | (text(.name)) as $name
  | { is_vpn:       ["VPN",               "The exit of a virtual private network"],
      is_proxy:     ["Proxy",             "An open or paid proxy"],
      is_tor:       ["Tor",               "An exit of the Tor network"],
      is_relay:     ["Relay",             "A relay that hides addresses of a provider's customers"],
      is_res_proxy: ["Residential proxy", "A household's line that others send through"] }
  | to_entries[] | select($hidden[.key] == true) | .value as [$title, $what]
  | link(
      { type: "sighting", title: $title, confidence: "High", internal: false,
        description: "\($what)\(if $name then ": \($name)" else "" end)",
        observed_time: (when($hidden.last_seen) // $now), source_uri: $page, key: $title };
      "sighting-of";
      { type: "indicator", title: $title, short_description: $what, description: $what, confidence: "High",
        indicator_type: ["Anonymization"], tags: ["anonymous"], key: $title }) )
