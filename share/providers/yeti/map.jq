# What is not there, or is something else, is null or nothing.
def text(f): [f? | strings | select(. != "")][0];
def when(f): [f? | select([time?] != [])][0];
def objects_in(f): [f? | list | .[]? | objects];
def facts: with_entries(select(.value != null)) | if . == {} then null else table end;
# Tags are a list, or an object by name.
def tags: [.tags? | (arrays | .[]), (objects | to_entries[] | {name: .key} + (.value | objects // {})) | objects | select(.fresh? != false) | text(.name) | strings] | unique;

(.threats | list) as $threats
# The search finds parts of words, too.
| objects_in(.search.observables) | map(select((text(.value) // "" | ascii_downcase) == ($value | ascii_downcase)))
| .[] | select(when(.created))
| . as $known | (.id? | strings, numbers | tostring) as $id
| "https://\($claim.HOST)/observables/\($id | @uri)" as $page
| tags as $tags
| { type: "sighting", title: "Known to Yeti", confidence: "Medium", internal: false,
    description: "\($value) is an observable of Yeti\(if $tags == [] then "" else ", tagged \($tags | join(", "))" end).",
    observed_time: {start_time: .created, end_time: ([.created, (.last_analysis? | objects | .[] | select([time?] != []))] | map(time) | max)},
    external_ids: [$id], source_uri: $page, external_references: [{source_name: "Yeti", url: $page}],
    data: ({ Type: text(.type), Tags: (if $tags == [] then null else $tags | join(", ") end),
             Sources: ([objects_in(.context)[] | text(.source) | strings] | unique | if . == [] then null else join(", ") end) } | facts),
    key: $id } as $sighting
| $sighting,
  ( $threats[] | objects | select((.item.id? | tostring) == $id) | .answer? | objects | .vertices? | objects
    | [to_entries[] | select((.value | type) == "object" and (.value.root_type? == ("entity", "indicator")))][:$limit][]
    | .key as $key | .value | text(.name) as $name | select($name)
    | link($sighting; (if .root_type == "indicator" then "indicates" else "sighting-of" end); {
        type: "indicator", title: $name, short_description: "\(text(.type) // "threat" | gsub("-"; " ")): \($name)",
        description: (text(.description) // "The \(text(.type) // "threat" | gsub("-"; " ")) \($name)")[:4000],
        confidence: "Medium", tags: ([text(.type) // empty] + tags | unique), external_ids: [$key], key: $key }) )
