# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def number(f): [f? | numbers, (strings | tonumber?)][0];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
# Seconds as a number or as text, which may be absent or no number.
def when(f): [number(f) | select([time?] != [])][0];

"https://hashlookup.circl.lu/lookup/\($type)/\($value)" as $page
| .file | objects | select([.MD5?, .["SHA-1"]?, .["SHA-256"]?, .FileName?] | any(. != null))
| text(.FileName) as $name
| text(.KnownMalicious) as $bad
| number(.["hashlookup:trust"]) as $trust
| text(.ProductCode.ProductName) as $product
| (if $bad then ["Malicious", "High", "Medium", 85]
   elif $trust != null and $trust < 50 then ["Unknown", "Unknown", "Low", 50]
   # In a collection of files, not vouched for: common, not clean.
   else ["Common", "None", (if $trust == null then "Low" elif $trust < 75 then "Medium" else "High" end), 80] end)
  as [$disposition, $severity, $confidence, $priority]
| {start_time: $now, days: 30} as $valid
| {type: "verdict", disposition: $disposition, valid_time: $valid},
  { type: "judgement", disposition: $disposition, severity: $severity, confidence: $confidence, priority: $priority,
    reason: (if $bad then "Known as malicious by \($bad)"
             else "A known file\(if $trust != null then ", trust \($trust) of 100" else "" end)" end),
    valid_time: $valid, source_uri: $page, key: $disposition },
  ([ {type: "md5", value: text(.MD5)}, {type: "sha1", value: text(.["SHA-1"])}, {type: "sha256", value: text(.["SHA-256"])}
     | select(.value != null) | .value |= ascii_downcase
     | select(.type != $type) ]) as $others
| { type: "sighting", title: "Known file", confidence: "High", internal: false,
    description: "\($name // "A file")\(if $product then ", of \($product)" else "" end), in the collection \(text(.source) // text(.db) // "of CIRCL").",
    observed_time: (when(.["insert-timestamp"]) // $now),
    source_uri: $page, external_references: [{source_name: "CIRCL hashlookup", url: $page}],
    observables: ([$observable] + $others),
    relations: [relation({type: "file_name", value: $name}; "File_Name_Of"; $observable)],
    data: ({ Name: $name, Size: [.FileSize? | strings, numbers][0], Product: $product,
             System: text(.OpSystemCode.OpSystemName),
             Package: text(.PackageName), Version: text(.PackageVersion), Collection: (text(.source) // text(.db)),
             Trust: $trust } | facts),
    key: "file" }
