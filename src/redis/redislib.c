/* SPDX-License-Identifier: MIT */
#include "redis/redislib.h"
#include "os/object.h"

static struct object redislib_object = {
	.file = OBJECT_REDIS, .symbol = REDISLIB_SYMBOL, .knows = "Redis"
};

const struct redislib *
redislib_open(char why[REDISLIB_WHY])
{
	return object_open(&redislib_object, network_build, why, REDISLIB_WHY);
}
