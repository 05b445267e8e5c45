/* Who the web server of this machine serves as. */
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_web.h"
#include "cli/webconf/webconf.h"

const char *const doctor_web_users[] = { "www-data", "nginx", "apache", "httpd",
	"http", "www", "wwwrun", "caddy", "lighttpd", NULL };

/* The last directive of the main level, NULL for none. */
static const char *
doctor_web_main(const struct webconf *w, const char *name)
{
	const struct webconf_node *n;
	const char *args = NULL;

	for (n = w->first; n != NULL; n = n->next)
		if (n->parent == NULL && strcasecmp(n->name, name) == 0)
			args = n->args;
	return args;
}

/* Of "#NUMBER"; (id_t)-1, which nobody has, for what is none. */
static id_t
doctor_web_id(const char *text)
{
	char *end;
	unsigned long n = strtoul(text + 1, &end, 10);

	return *end != '\0' || n > UINT32_MAX ? (id_t)-1 : (id_t)n;
}

/* "USER [GROUP]" of nginx, or User and Group of Apache, a number after "#";
 * false when that is nobody here, or root. */
static bool
doctor_web_named(const struct webconf *w, struct doctor_who *who)
{
	bool both = w->kind == WEBCONF_NGINX;
	const char *args = doctor_web_main(w, "user"), *group;
	const struct passwd *pw;
	const struct group *gr;
	char user[64];

	if (args == NULL)
		return false;
	snprintf(user, sizeof(user), "%.*s", (int)strcspn(args, " "), args);
	pw = user[0] == '#' ? getpwuid(doctor_web_id(user)) : getpwnam(user);
	if (pw == NULL || pw->pw_uid == 0)
		return false;
	who->uid = pw->pw_uid;
	who->gid = pw->pw_gid;
	group = both ? strchr(args, ' ') : doctor_web_main(w, "Group");
	if (group == NULL)
		return true;
	group += both;
	if (group[0] == '#' && doctor_web_id(group) != (gid_t)-1)
		who->gid = doctor_web_id(group);
	else if ((gr = getgrnam(group)) != NULL)
		who->gid = gr->gr_gid;
	return true;
}

bool
doctor_web_user(struct doctor *d, struct doctor_who *who)
{
	struct doctor_who one = *who, first = *who;
	enum webconf_kind kind;
	char why[WEBCONF_WHY];
	const char *file;
	struct webconf *w;
	bool found = false, leads = false;
	size_t i;

	for (i = 0; !leads && (file = doctor_web_file(d, i, &kind)) != NULL;
	     i++) {
		if ((w = webconf_read(file, kind, why)) == NULL)
			continue;
		if (doctor_web_named(w, &one)) {
			leads = doctor_web_leads(d, w);
			if (leads || !found)
				first = one;
			found = true;
		}
		webconf_free(w);
	}
	if (found)
		*who = first;
	return found;
}
