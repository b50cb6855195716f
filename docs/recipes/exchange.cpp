// Reads a row that zlmdb wrote, and writes another one for it.
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "reading_generated.h"

int main() {
    std::ifstream in("reading.bin", std::ios::binary);
    std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};

    flatbuffers::Verifier verifier(bytes.data(), bytes.size());
    if (!weather::VerifyReadingBuffer(verifier)) return 1;
    const weather::Reading *reading = weather::GetReading(bytes.data());
    std::cout << reading->station()->str() << ' ' << reading->at() << ' ' << reading->celsius() << '\n';

    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(weather::CreateReadingDirect(builder, "Köln", reading->at(), reading->celsius() + 1));
    std::ofstream out("answer.bin", std::ios::binary);
    out.write(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
}
