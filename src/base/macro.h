/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and the few macros that everything uses. Nothing here hides control flow. */
#pragma once

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define vt_printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define vt_must_check        __attribute__((warn_unused_result))
#define vt_cleanup(f)        __attribute__((cleanup(f)))
#define vt_unused            __attribute__((unused))
#define vt_noreturn          __attribute__((noreturn))

/* 1 in a build with AddressSanitizer, else 0. */
#if defined(__SANITIZE_ADDRESS__)
#define VT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VT_SANITIZED 1
#endif
#endif
#ifndef VT_SANITIZED
#define VT_SANITIZED 0
#endif
