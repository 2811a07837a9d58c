/* SPDX-License-Identifier: Apache-2.0 */
/* A programme in frab's XML, from bytes to the model. */
#include "exchange/frab_xml.h"
#include "programme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        programme_look(frab_xml_read, data, size);
        return 0;
}
