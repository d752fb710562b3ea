/*
 * The two legacy interrupt controllers.
 */
#pragma once

/* Moves them off the exceptions' vectors and masks them for good. */
void pic_disable(void);
