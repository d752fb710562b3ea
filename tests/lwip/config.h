/* lwIP's tests ask for one; there is nothing to say. */
#pragma once
