/* SPDX-License-Identifier: MIT */
#include "ctim/form.h"

/* The events of a sighting's context: what endpoints saw. */

static const char *const form_methods[] = { "CONNECT", "GET", "HEAD", "OPTIONS",
	"PATCH", "POST", "PUT", "TRACE", NULL };
static const char *const form_directions[] = { "incoming", "outgoing", NULL };

static const struct form_member form_traffic_members[] = {
	{ .name = "destination_host_name", .kind = FORM_TEXT },
	{ .name = "destination_ip", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "destination_port",
	    .kind = FORM_INTEGER,
	    .made = FORM_NEEDED },
	{ .name = "destination_subnet", .kind = FORM_TEXT },
	{ .name = "direction",
	    .kind = FORM_WORD,
	    .made = FORM_NEEDED,
	    .words = form_directions },
	{ .name = "protocol", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "source_ip", .kind = FORM_TEXT, .made = FORM_NEEDED },
	{ .name = "source_port", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "source_subnet", .kind = FORM_TEXT }, { .name = NULL }
};
static const struct form form_traffic = { .members = form_traffic_members };

static const struct form_member form_file_create_members[] = {
	{ .name = "failed", .kind = FORM_YESNO },
	{ .name = "file_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "file_path",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_file_create = {
	.members = form_file_create_members, .type = "FileCreateEvent"
};

static const struct form_member form_file_delete_members[] = {
	{ .name = "failed", .kind = FORM_YESNO },
	{ .name = "file_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "file_path",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_file_delete = {
	.members = form_file_delete_members, .type = "FileDeleteEvent"
};

static const struct form_member form_file_modify_members[] = {
	{ .name = "failed", .kind = FORM_YESNO },
	{ .name = "file_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "file_path",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_file_modify = {
	.members = form_file_modify_members, .type = "FileModifyEvent"
};

static const struct form_member form_file_move_members[] = {
	{ .name = "file_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "file_path",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "new_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "old_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_file_move = { .members = form_file_move_members,
	.type = "FileMoveEvent" };

static const struct form_member form_http_members[] = {
	{ .name = "encrypted", .kind = FORM_YESNO },
	{ .name = "host",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "method", .kind = FORM_WORD, .words = form_methods },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "query", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "traffic",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .form = &form_traffic },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = "url_port", .kind = FORM_INTEGER }, { .name = NULL }
};
static const struct form form_http = { .members = form_http_members,
	.type = "HTTPEvent" };

static const struct form_member form_library_load_members[] = {
	{ .name = "dll_library_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "dll_library_path",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_library_load = {
	.members = form_library_load_members, .type = "LibraryLoadEvent"
};

static const struct form_member form_netflow_members[] = {
	{ .name = "byte_count_in", .kind = FORM_INTEGER },
	{ .name = "byte_count_out", .kind = FORM_INTEGER },
	{ .name = "flow_time", .kind = FORM_TIME },
	{ .name = "parent_process_account",
	    .kind = FORM_TEXT,
	    .max = CTIM_SHORT },
	{ .name = "parent_process_account_type",
	    .kind = FORM_TEXT,
	    .max = CTIM_SHORT },
	{ .name = "parent_process_args", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "parent_process_hash", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "parent_process_id", .kind = FORM_INTEGER },
	{ .name = "parent_process_name", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "parent_process_path", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "process_account", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "process_account_type",
	    .kind = FORM_TEXT,
	    .max = CTIM_SHORT },
	{ .name = "process_args", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_hash", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_path", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "traffic",
	    .kind = FORM_OBJECT,
	    .made = FORM_NEEDED,
	    .form = &form_traffic },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_netflow = { .members = form_netflow_members,
	.type = "NetflowEvent" };

static const struct form_member form_process_create_members[] = {
	{ .name = "parent_creation_time", .kind = FORM_TIME },
	{ .name = "parent_process_args",
	    .kind = FORM_TEXT,
	    .max = CTIM_MEDIUM },
	{ .name = "parent_process_disposition",
	    .kind = FORM_TEXT,
	    .max = CTIM_SHORT },
	{ .name = "parent_process_guid", .kind = FORM_INTEGER },
	{ .name = "parent_process_hash",
	    .kind = FORM_TEXT,
	    .max = CTIM_MEDIUM },
	{ .name = "parent_process_id", .kind = FORM_INTEGER },
	{ .name = "parent_process_name", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "parent_process_size", .kind = FORM_INTEGER },
	{ .name = "parent_process_username",
	    .kind = FORM_TEXT,
	    .max = CTIM_SHORT },
	{ .name = "process_args", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "process_disposition", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_hash", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_size", .kind = FORM_INTEGER },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_process_create = {
	.members = form_process_create_members, .type = "ProcessCreateEvent"
};

static const struct form_member form_registry_create_members[] = {
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "registry_key",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_registry_create = {
	.members = form_registry_create_members, .type = "RegistryCreateEvent"
};

static const struct form_member form_registry_delete_members[] = {
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "registry_key",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "registry_value", .kind = FORM_TEXT, .max = CTIM_MEDIUM },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_registry_delete = {
	.members = form_registry_delete_members, .type = "RegistryDeleteEvent"
};

static const struct form_member form_registry_rename_members[] = {
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "registry_key",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "registry_old_key",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_registry_rename = {
	.members = form_registry_rename_members, .type = "RegistryRenameEvent"
};

static const struct form_member form_registry_set_members[] = {
	{ .name = "process_guid", .kind = FORM_INTEGER },
	{ .name = "process_id", .kind = FORM_INTEGER, .made = FORM_NEEDED },
	{ .name = "process_name",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "process_username", .kind = FORM_TEXT, .max = CTIM_SHORT },
	{ .name = "registry_data", .kind = FORM_TEXT, .max = CTIM_MARKDOWN },
	{ .name = "registry_data_length", .kind = FORM_INTEGER },
	{ .name = "registry_key",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_SHORT },
	{ .name = "registry_value",
	    .kind = FORM_TEXT,
	    .made = FORM_NEEDED,
	    .max = CTIM_MEDIUM },
	{ .name = "time", .kind = FORM_WHEN, .made = FORM_NEEDED },
	{ .name = "type", .kind = FORM_TYPE, .made = FORM_MADE_TYPE },
	{ .name = NULL }
};
static const struct form form_registry_set = {
	.members = form_registry_set_members, .type = "RegistrySetEvent"
};

static const struct form_member form_context_members[] = {
	{ .name = "file_create_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_file_create },
	{ .name = "file_delete_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_file_delete },
	{ .name = "file_modify_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_file_modify },
	{ .name = "file_move_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_file_move },
	{ .name = "http_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_http },
	{ .name = "library_load_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_library_load },
	{ .name = "netflow_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_netflow },
	{ .name = "process_create_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_process_create },
	{ .name = "registry_create_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_registry_create },
	{ .name = "registry_delete_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_registry_delete },
	{ .name = "registry_rename_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_registry_rename },
	{ .name = "registry_set_events",
	    .kind = FORM_OBJECT,
	    .list = true,
	    .form = &form_registry_set },
	{ .name = NULL }
};
const struct form form_context = { .members = form_context_members };
