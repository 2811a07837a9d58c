/* SPDX-License-Identifier: Apache-2.0 */
/* A programme in frab's JSON, from bytes to the model. */
#include "exchange/frab_json.h"
#include "programme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        programme_look(frab_json_read, data, size);
        return 0;
}
